import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Milliseconds between two looks at somebody else's lock. */
const POLL_MS = 200
/** Milliseconds between two signs of life of a lock's holder, and without one until it counts as dead. */
const HEARTBEAT_MS = 5_000
const DEAD_MS = 30_000

/** A lock that is held, as far as its holder knows. */
export interface FileLock {
  /** Make sure of it, before anything is changed that the lock protects. @throws LockLost */
  confirm(): Promise<void>
}

/** The holder gave no sign of life for so long (a suspended process, a machine asleep) that another took its place. */
export class LockLost extends Error {}

/**
 * Run `work` while no other process does so under the same lock file.
 *
 * A process that was killed leaves its file behind: it counts no more once its process is gone, or, on a disk shared by
 * machines, once it has not been touched for 30 seconds. A holder that was only suspended finds its lock lost when it next
 * confirms it, and leaves its successor's alone.
 *
 * @throws AbortError; LockLost; the file system's error where the folder cannot be written to
 */
export async function withFileLock<T>(path: string, signal: AbortSignal | undefined, work: (lock: FileLock) => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true })
  // Its own name even in one process: several copies of this library may be loaded.
  const me = `${process.pid}@${hostname()}@${randomUUID()}`
  while (!(await take(path, me))) {
    if (await isDead(path)) await remove(path)
    else await sleep(POLL_MS, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
  let confirmed = Date.now()
  const confirm = async () => {
    // Nobody takes a lock that was touched so recently.
    if (Date.now() - confirmed < HEARTBEAT_MS) return
    // Touched first: whoever takes a lock over looks once more whether it is dead.
    await touch(path)
    if (!(await isHeldBy(path, me))) throw new LockLost(`${path} was taken over`)
    confirmed = Date.now()
  }
  const heartbeat = setInterval(() => confirm().catch(() => undefined), HEARTBEAT_MS)
  heartbeat.unref()
  try {
    return await work({ confirm })
  } finally {
    clearInterval(heartbeat)
    if (await isHeldBy(path, me)) await rm(path, { force: true })
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

async function isHeldBy(path: string, holder: string): Promise<boolean> {
  return readFile(path, 'utf8').then(
    (found) => found === holder,
    () => false,
  )
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

/** Renamed first: of several that remove a dead lock, only one gets hold of it. One that came to life is put back. */
async function remove(path: string): Promise<void> {
  const dead = `${path}.${randomUUID()}`
  try {
    await rename(path, dead)
    if (!(await isDead(dead))) await link(dead, path)
  } catch {
    // Somebody else was faster.
  }
  await rm(dead, { force: true })
}

async function touch(path: string): Promise<void> {
  await utimes(path, new Date(), new Date()).catch(() => undefined)
}
