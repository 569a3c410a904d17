import { access, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { fetchFile } from '../../src/node/fetch-file.js'
import { type FileLock, LockLost, withFileLock } from '../../src/node/file-lock.js'
import { findLocalFile } from '../../src/node/local-file.js'
import { TestHub } from '../support/hub.js'

/** A process that is suspended for 30 seconds and more: no sign of life from it, while clocks go on. */
let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: Date.now() })
})
afterEach(async () => {
  vi.useRealTimers()
  await rm(folder, { recursive: true })
})
// Much more than 30 seconds: this clock stands still between, while files have the real time of a machine that may be busy.
const suspend = () => vi.setSystemTime(Date.now() + 300_000)

/** Take the lock, and keep it until `release` is called. */
async function hold(path: string) {
  let release!: () => void
  const released = new Promise<void>((resolve) => {
    release = resolve
  })
  let done!: Promise<void>
  const lock = await new Promise<FileLock>((held) => {
    done = withFileLock(path, undefined, (lock) => {
      held(lock)
      return released
    })
  })
  return {
    lock,
    release: async () => {
      release()
      await done
    },
  }
}

test('a holder that was suspended leaves its successor’s lock alone', async () => {
  const path = join(folder, 'lock')
  const first = await hold(path)
  suspend()
  const second = await hold(path)
  await first.release()
  await access(path)
  await second.release()
  await expect(access(path)).rejects.toThrow()
})

test('it finds its lock lost; the successor has it', async () => {
  const path = join(folder, 'lock')
  const first = await hold(path)
  await first.lock.confirm()
  suspend()
  const second = await hold(path)
  await expect(first.lock.confirm()).rejects.toBeInstanceOf(LockLost)
  suspend()
  await second.lock.confirm()
  await Promise.all([first.release(), second.release()])
})

test('a download that was suspended changes nothing any more, and waits for its successor’s', async () => {
  const bytes = Uint8Array.from({ length: 2_000_000 }, (_, i) => (i * i) & 255)
  const hub = await TestHub.start([{ id: 'owner/one', files: { file: bytes } }])
  // Nothing comes to it while it is suspended.
  hub.holdAt = 8 * TestHub.PIECE
  const path = join(folder, 'file')
  const holder = () => readFile(`${path}.lock`, 'utf8').catch(() => '')
  let loaded = 0
  const onBytes = (bytes: number) => {
    loaded = bytes
  }
  const look = async () => {
    const file = await findLocalFile(path)
    return file && { file, from: 'cache' as const }
  }
  const fetchIt = () => fetchFile({ url: `${hub.host}/owner/one/resolve/main/file`, file: 'file', onBytes }, path, { look })
  const first = fetchIt()
  await until(() => loaded === hub.holdAt)
  const firstHolder = await holder()
  suspend()
  const second = fetchIt()
  await until(async () => ![firstHolder, ''].includes(await holder()))
  hub.release()
  expect((await Promise.all([first, second])).map((result) => result?.from)).toEqual(['cache', 'network'])
  expect(hub.statusesOf('file')).toEqual([200, 206])
  expect((await readFile(path)).equals(bytes)).toBe(true)
  await hub.close()
})

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((done) => setTimeout(done, 5))
}
