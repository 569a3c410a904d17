import { createHash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { ModelLoadError } from '../errors.js'
import type { FileFacts } from '../model/describe/manifest.js'
import type { ModelFile } from '../model/download/file-reader.js'
import { gitHeader, verifyHash, verifyLength, verifyStart } from '../model/download/verify.js'
import { fileProblem } from './lines.js'

/** A file on this machine's disk, which a runtime may open there. */
export function localFile(path: string, size: number): ModelFile {
  const bytes = async () => {
    const { buffer, byteOffset, byteLength } = await readFile(path).catch((cause: unknown) => {
      throw unreadable(path, cause)
    })
    // Where a test runner puts jsdom's arrays in the place of Node's, ONNX Runtime takes no others.
    return new Uint8Array(buffer, byteOffset, byteLength)
  }
  return { size, path, bytes }
}

/** @returns undefined where there is none @throws ModelLoadError (`model-file-invalid`) where it cannot be read */
export async function findLocalFile(path: string): Promise<ModelFile | undefined> {
  let stats: Stats
  try {
    stats = await stat(path)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw unreadable(path, cause)
  }
  if (stats.isFile()) return localFile(path, stats.size)
  throw unreadable(path, new Error(stats.isDirectory() ? 'it is a folder' : 'it is no plain file'))
}

/**
 * Verify a file on disk without holding it in memory.
 *
 * @throws ModelLoadError (`model-file-invalid`)
 */
export async function verifyOnDisk(file: string, path: string, facts: FileFacts | undefined): Promise<void> {
  const { size } = await stat(path).catch((cause: unknown) => {
    throw unreadable(path, cause)
  })
  if (facts) verifyLength(file, size, facts.bytes)
  const expected = facts?.sha256 ?? facts?.gitSha1
  const hash = createHash(facts?.sha256 ? 'sha256' : 'sha1')
  if (!facts?.sha256) hash.update(gitHeader(size))
  let start = true
  // Without a hash the first bytes have to do.
  for await (const piece of piecesOf(path, expected ? undefined : 63)) {
    if (start) verifyStart(file, piece)
    start = false
    if (expected) hash.update(piece)
  }
  if (start) verifyStart(file, new Uint8Array(0))
  if (expected) verifyHash(file, hash.digest('hex'), expected)
}

async function* piecesOf(path: string, end?: number): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { end })
  } catch (cause) {
    throw unreadable(path, cause)
  }
}

function unreadable(path: string, cause: unknown): ModelLoadError {
  return new ModelLoadError('model-file-invalid', `${path} could not be read: ${fileProblem(cause)}.`, { cause, file: path })
}
