import { randomUUID } from 'node:crypto'
import type { Stats } from 'node:fs'
import { lstat, mkdir, open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { InvalidInputError } from '../errors.js'
import { fileProblem } from './lines.js'

/** Bytes by which a file is told from another kind. */
const START_BYTES = 64

/** What may stand where an output goes. */
export interface OutputKind {
  /** The option that names the file. */
  option: string
  /** What it is, behind "that is no". */
  name: string
  /** Whether a file begins as this one did when it was written before. */
  isOurs(start: Uint8Array): boolean
}

/**
 * Make sure, before any work is done for it, that writing this file takes nothing away: there is none, an empty one, or one of the
 * same kind.
 *
 * @throws InvalidInputError
 */
export async function checkOutput(path: string, { option, name, isOurs }: OutputKind): Promise<void> {
  const refuse = (why: string, cause?: unknown) => cannotWrite(path, why, option, cause)
  let stats: Stats
  try {
    stats = await stat(path)
  } catch (cause) {
    // What else may be wrong with the place is found when it is written.
    if ((cause as NodeJS.ErrnoException).code === 'ELOOP') throw refuse(fileProblem(cause), cause)
    return
  }
  if (!stats.isFile()) throw refuse(stats.isDirectory() ? 'it is a folder' : 'it is no plain file')
  const start = await readStart(path).catch((cause) => {
    throw refuse(fileProblem(cause), cause)
  })
  if (start.length > 0 && !isOurs(start)) throw refuse(`there is a file of that name that is no ${name}`)
}

async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(START_BYTES), 0, START_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } finally {
    await file.close()
  }
}

/**
 * The file is there whole or as it was, whoever else writes it. Where the name is a link, what it leads to is written.
 *
 * @throws InvalidInputError
 */
export async function replaceFile(
  path: string,
  contents: string | readonly Uint8Array[] | AsyncIterable<string>,
  option: string,
): Promise<void> {
  // What the contents' maker throws is its own, and no failure of writing.
  let failure: { cause: unknown } | undefined
  const made = typeof contents === 'string' || !(Symbol.asyncIterator in contents) ? contents : heard(contents, (one) => (failure = one))
  let unfinished: string | undefined
  try {
    const target = await targetOf(path)
    await mkdir(dirname(target), { recursive: true })
    // Its own name even in one process.
    unfinished = `${target}.${randomUUID()}.unfinished`
    await writeFile(unfinished, made)
    await rename(unfinished, target)
  } catch (cause) {
    if (unfinished) await rm(unfinished, { force: true }).catch(() => undefined)
    throw failure ? failure.cause : cannotWrite(path, fileProblem(cause), option, cause)
  }
}

async function* heard(contents: AsyncIterable<string>, onFailure: (failure: { cause: unknown }) => void): AsyncGenerator<string> {
  try {
    yield* contents
  } catch (cause) {
    onFailure({ cause })
    throw cause
  }
}

/** Whether two names are of one file, whether it is there already or not. */
export async function isSameFile(one: string, other: string): Promise<boolean> {
  const [first, second] = await Promise.all([one, other].map(identityOf))
  if (first !== undefined || second !== undefined) return first === second
  const [here, there] = await Promise.all([one, other].map((path) => targetOf(path).catch(() => resolve(path))))
  return here === there
}

/** Which file a path leads to, by whichever name; undefined where there is none. */
export async function identityOf(path: string): Promise<string | undefined> {
  const stats = await stat(path, { bigint: true }).catch(() => undefined)
  return stats && `${stats.dev}:${stats.ino}`
}

/** Where a path leads, though nothing may be there yet. @throws the file system's error */
async function targetOf(path: string): Promise<string> {
  const absolute = resolve(path)
  try {
    return await realpath(absolute)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(absolute) === absolute) throw error
  }
  const isLink = (await lstat(absolute).catch(() => undefined))?.isSymbolicLink()
  if (isLink) return targetOf(resolve(await realpath(dirname(absolute)), await readlink(absolute)))
  return join(await targetOf(dirname(absolute)), basename(absolute))
}

function cannotWrite(path: string, why: string, option: string, cause?: unknown): InvalidInputError {
  return new InvalidInputError('invalid-option', `Cannot write ${path}: ${why}. Name another file.`, { option, cause })
}
