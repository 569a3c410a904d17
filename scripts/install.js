// @ts-check
// Node's own modules only: this runs before anything is installed.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Folder of this repository. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/** What the build tools run on; using the built package takes any Node from 20.19. */
export function checkNode(version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if ((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22) return
  console.error(`page-rerank needs Node 20.19 or later (or 22.12 or later) to be built; this is Node ${version}.`)
  process.exit(1)
}

/**
 * `npm ci`, unless what is installed is what package-lock.json names. False where it failed.
 *
 * @returns {Promise<boolean>}
 */
export async function installIfNeeded() {
  if (isInstalled()) return true
  console.log('Installing dependencies (npm ci) …')
  return npm('ci')
}

/**
 * Run npm in the repository, its output shown. False where it failed.
 *
 * @param {...string} args
 * @returns {Promise<boolean>}
 */
export function npm(...args) {
  // npm is a .cmd file on Windows, which only a shell starts.
  const shell = process.platform === 'win32'
  const child = spawn('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], shell })
  return new Promise((resolve) => {
    child.on('error', () => resolve(false))
    child.on('close', (code) => resolve(code === 0))
  })
}

/** Compares versions, not dates: a checkout touches files, and an installation that broke off leaves packages behind. */
function isInstalled() {
  // npm writes this one when it has finished.
  const installed = readPackages('node_modules/.package-lock.json')
  if (!installed) return false
  return Object.entries(readPackages('package-lock.json') ?? {}).every(
    // Optional packages are for some systems only.
    ([path, { version, optional }]) => path === '' || installed[path]?.version === version || (optional && !installed[path]),
  )
}

/**
 * @param {string} lockFile
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function readPackages(lockFile) {
  const path = new URL(`../${lockFile}`, import.meta.url)
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}
