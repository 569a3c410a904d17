import { type ChildProcess, spawn } from 'node:child_process'
import { freePort } from '../support/free-port.js'

const env = {
  ...process.env,
  NO_COLOR: '1',
  CI: '1',
  NEXT_TELEMETRY_DISABLED: '1',
  ASTRO_TELEMETRY_DISABLED: '1',
  NUXT_TELEMETRY_DISABLED: '1',
}

/** Run a command to its end; returns what it printed. */
export function run([command = '', ...args]: string[], cwd: string): Promise<string> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 400_000 })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (process.env.VERBOSE) console.error(`$ ${command} ${args.join(' ')}\n${stdout}${stderr}`)
      if (code === 0) resolve(stdout)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`))
    })
  })
}

/** Start a development server on a free port, and wait until it answers. */
export async function startServer(command: string[], cwd: string): Promise<{ address: string; stop(): void }> {
  const port = await freePort()
  const [program = '', ...args] = command.map((part) => part.replace('PORT', String(port)))
  // A group of its own, so that what it starts ends with it.
  const child = spawn(program, args, { cwd, env, stdio: 'ignore', detached: true })
  const stop = () => end(child)
  process.once('exit', stop)
  const address = `http://127.0.0.1:${port}/`
  for (const last = Date.now() + 60_000; ; ) {
    if ((await fetch(address).catch(() => undefined))?.ok) return { address, stop }
    if (Date.now() > last || child.exitCode !== null) {
      stop()
      throw new Error(`${program} ${args.join(' ')} does not answer.`)
    }
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

function end({ pid, exitCode }: ChildProcess): void {
  if (pid === undefined || exitCode !== null) return
  try {
    process.kill(-pid)
  } catch {
    // It ended by itself.
  }
}
