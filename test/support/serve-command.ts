import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** `page-rerank serve` as it is built, in a process of its own. `npm run build:lib` makes it. */
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))

const started: ChildProcess[] = []

export interface Served {
  child: ChildProcess
  url: string
  /** What it has written to stderr. */
  stderr: () => string
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string>
}

export function spawnServe(...argv: string[]) {
  const child = spawn(process.execPath, [cli, 'serve', ...argv])
  started.push(child)
  return child
}

/** Start it on a free port, and wait until it answers. */
export async function startServe(...argv: string[]): Promise<Served> {
  const child = spawnServe('--port', '0', '--json', ...argv)
  let stderr = ''
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  const ended = once(child, 'exit').then(([code, signal]) => code ?? signal)
  const failed = ended.then((end) => {
    throw new Error(`page-rerank serve ended with ${end}: ${stderr}`)
  })
  const line = await Promise.race([once(child.stdout, 'data').then(String), failed])
  // From now on it may end as it likes.
  failed.catch(() => undefined)
  return { child, url: JSON.parse(line).url, stderr: () => stderr, ended }
}

/** End those that still run. */
export function endServed(): void {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
}
