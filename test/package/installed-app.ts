import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Output {
  code: number | null
  stdout: string
  stderr: string
}

export interface ExecuteOptions {
  cwd?: string
  /** Standard input. @default '' */
  input?: string
  /** Variables beside those of this process. */
  env?: Record<string, string>
  /** Milliseconds after which it is ended; its code is then null. @default less than a test has */
  timeout?: number
}

/** Run a program to its end. */
export function execute(
  command: string,
  args: string[],
  { cwd = root, input = '', env = {}, timeout = 50_000 }: ExecuteOptions = {},
): Promise<Output> {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, shell: process.platform === 'win32', timeout })
  child.stdin.end(input)
  const output: Output = { code: null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ ...output, code }))
  })
}

/** The same, for what has to succeed. */
export async function output(command: string, args: string[], options?: ExecuteOptions): Promise<string> {
  const { code, stdout, stderr } = await execute(command, args, options)
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`)
  return stdout
}

/** The package as a stranger gets it: packed, and installed from the tarball into an app of its own outside this repository. */
export class InstalledApp {
  readonly folder: string
  readonly #parent: string
  readonly #servers: ChildProcess[] = []

  private constructor(
    parent: string,
    readonly tarball: string,
    /** Packed files and their bytes. */
    readonly files: Map<string, number>,
    /** The same of another package of the workspace. */
    readonly filesOf: (name: string) => Map<string, number>,
  ) {
    this.#parent = parent
    this.folder = join(parent, 'app')
  }

  static async create(): Promise<InstalledApp> {
    // The real path: a linked temporary folder (macOS) would confuse what is compared with import.meta.url.
    const parent = realpathSync(mkdtempSync(join(tmpdir(), 'page-rerank-package-')))
    try {
      const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', parent, '--workspaces', '--include-workspace-root']
      const packed: { name: string; filename: string; files: { path: string; size: number }[] }[] = JSON.parse(
        await output('npm', pack, { timeout: 120_000 }),
      )
      const filesOf = (name: string) => new Map(packed.find((one) => one.name === name)?.files.map(({ path, size }) => [path, size]))
      const tarballs = packed.map(({ filename }) => join(parent, filename))
      const [tarball = ''] = tarballs.filter((one) => /page-rerank-\d[^/]*$/.test(one))
      const app = new InstalledApp(parent, tarball, filesOf('page-rerank'), filesOf)
      cpSync(join(root, 'test/package/app'), app.folder, { recursive: true })
      writeFileSync(join(app.folder, 'package.json'), '{ "name": "app", "private": true, "type": "module" }\n')
      const { version } = JSON.parse(readFileSync(join(root, 'node_modules/vite/package.json'), 'utf8'))
      const quiet = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund']
      await output('npm', ['install', ...quiet, ...tarballs, `vite@${version}`, 'esbuild@0.28.2'], { cwd: app.folder, timeout: 170_000 })
      return app
    } catch (error) {
      rmSync(parent, { recursive: true, force: true })
      throw error
    }
  }

  /** Run a script of the app in Node. */
  node(...args: string[]): Promise<Output> {
    return execute(process.execPath, args, { cwd: this.folder })
  }

  /** Start the app's dev server; resolves with its origin. */
  startVite(): Promise<string> {
    // Port 0 is not for Vite; a range of its own keeps clear of people's servers, and it takes the next one where one is taken.
    const child = spawn(process.execPath, [...VITE, '--host', '127.0.0.1', '--port', '47310'], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: '1' },
    })
    this.#servers.push(child)
    return new Promise((resolve, reject) => {
      let said = ''
      const read = (chunk: Buffer) => {
        said += chunk
        const origin = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0]
        if (origin) resolve(origin)
      }
      child.stdout.on('data', read)
      child.stderr.on('data', read)
      child.on('exit', (code) => reject(new Error(`vite ended with ${code}:\n${said}`)))
    })
  }

  remove(): void {
    for (const server of this.#servers) server.kill()
    rmSync(this.#parent, { recursive: true, force: true, maxRetries: 3 })
  }
}

export const VITE = ['node_modules/vite/bin/vite.js']
