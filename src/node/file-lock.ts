import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two looks at somebody else's lock. */
const POLL_MS = 200
/** Milliseconds between two signs of life of a lock's holder, and without one until it counts as dead. */
const HEARTBEAT_MS = 5_000
const DEAD_MS = 30_000

/**
 * Run `work` while no other process does so under the same lock file.
 *
 * A process that was killed leaves its file behind: it counts no more once its process is gone, or, on a disk shared by
 * machines, once it has not been touched for 30 seconds. Two that find it dead in the same instant could both go on; what
 * they write is verified before it counts.
 *
 * @throws AbortError; the file system's error where the folder cannot be written to
 */
export async function withFileLock<T>(path: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  const me = `${process.pid}@${hostname()}`
  while (!(await take(path, me))) {
    if (await isDead(path)) await remove(path)
    else await sleep(POLL_MS, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
  const heartbeat = setInterval(() => utimes(path, new Date(), new Date()).catch(() => undefined), HEARTBEAT_MS)
  heartbeat.unref()
  try {
    return await work()
  } finally {
    clearInterval(heartbeat)
    await rm(path, { force: true })
  }
}

async function take(path: string, me: string): Promise<boolean> {
  try {
    await writeFile(path, me, { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function isDead(path: string): Promise<boolean> {
  try {
    const [holder, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)])
    const [pid, host] = holder.split('@')
    if (host === hostname() && !isRunning(Number(pid))) return true
    return Date.now() - mtimeMs > DEAD_MS
  } catch {
    // It was released meanwhile.
    return false
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}

/** Renamed first: of several that remove a dead lock, only one gets hold of it. */
async function remove(path: string): Promise<void> {
  const dead = `${path}.${randomUUID()}`
  try {
    await rename(path, dead)
    await rm(dead, { force: true })
  } catch {
    // Somebody else was faster.
  }
}
