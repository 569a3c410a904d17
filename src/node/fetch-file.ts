import { type DownloadOptions, download } from '../model/download/download.js'
import { DiskPartialFile } from './disk-partial-file.js'
import { type FileLock, LockLost, withFileLock } from './file-lock.js'

/**
 * Download a file to its place on disk. It appears there whole and verified or not at all; what an interrupted download
 * left beside it is built upon, and of several processes one downloads while the others wait.
 *
 * @param isThere asked once the lock is held: another process may have brought the file meanwhile
 * @returns `missing` where the server has no such file
 * @throws as `download`; the file system's error where the folder cannot be written to
 */
export async function fetchFile(
  url: string,
  path: string,
  isThere: () => Promise<boolean>,
  options: DownloadOptions,
): Promise<'fetched' | 'there' | 'missing'> {
  const fetchUnder = async (lock: FileLock) => {
    if (await isThere()) return 'there'
    const partial = await DiskPartialFile.open(path, lock)
    try {
      if (!(await download(url, partial, options))) return 'missing'
      await partial.complete()
      return 'fetched'
    } finally {
      await partial.close()
    }
  }
  for (;;) {
    try {
      return await withFileLock(`${path}.lock`, options.signal, fetchUnder)
    } catch (error) {
      // Another process downloads it now; wait for that one.
      if (!(error instanceof LockLost)) throw error
    }
  }
}
