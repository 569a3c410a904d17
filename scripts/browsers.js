// @ts-check
// The browsers that tests and benchmarks run in: where they are, and how a bare machine gets them.
// Node's own modules only: this runs before anything is installed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'

/** @typedef {keyof typeof browsers} BrowserName */

export const browsers = {
  chromium: {
    title: 'Chromium',
    variable: 'CHROME_PATH',
    places: [
      '/usr/bin/chromium',
      '/usr/bin/chromium-browser',
      '/usr/bin/google-chrome',
      '/usr/bin/google-chrome-stable',
      '/snap/bin/chromium',
      '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
      '/Applications/Chromium.app/Contents/MacOS/Chromium',
      'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
    ],
    /** Programs that have to be there too. */
    companions: [],
    packages: ['chromium'],
  },
  firefox: {
    title: 'Firefox',
    variable: 'FIREFOX_PATH',
    places: [
      '/usr/bin/firefox-esr',
      '/usr/bin/firefox',
      '/Applications/Firefox.app/Contents/MacOS/firefox',
      'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
    ],
    companions: [],
    packages: ['firefox-esr'],
  },
  webkit: {
    title: 'WebKit',
    variable: 'WEBKIT_PATH',
    // MiniBrowser, WebKitGTK's own, in a folder named after the machine's architecture.
    places: foldersIn('/usr/lib').map((folder) => `/usr/lib/${folder}/webkit2gtk-4.1/MiniBrowser`),
    companions: ['/usr/bin/WebKitWebDriver', '/usr/bin/Xvfb'],
    packages: ['webkit2gtk-driver', 'xvfb'],
  },
}

export const browserNames = /** @type {BrowserName[]} */ (Object.keys(browsers))

/**
 * Path of a browser: what its environment variable names, else where systems put it.
 *
 * @param {BrowserName} name
 * @returns {string | undefined} undefined where there is none
 * @throws {Error} where the variable names a file that does not exist
 */
export function findBrowser(name) {
  const { variable, places, companions } = browsers[name]
  if (!companions.every((path) => existsSync(path))) return undefined
  const named = process.env[variable]
  if (!named) return places.find((place) => existsSync(place))
  if (existsSync(named)) return named
  throw new Error(`${variable} is ${named}, which does not exist.`)
}

/**
 * The same, where it cannot be done without.
 *
 * @param {BrowserName} name
 */
export function requireBrowser(name) {
  const found = findBrowser(name)
  if (found) return found
  const { title, packages, variable } = browsers[name]
  throw new Error(`${title} was not found. Install it (Debian: sudo apt-get install ${packages.join(' ')}), or set ${variable}.`)
}

/** Milliseconds for Debian's servers. */
const PATIENCE_MS = 10 * 60_000

/** Debian's package beside its Chromium, of the same version. */
const HEADLESS_SHELL = { path: '/usr/lib/chromium/chromium-headless-shell', package: 'chromium-headless-shell', of: 'chromium-common' }

/**
 * Chromium's engine without a browser around it: windows, profiles and extensions cost more than most tests' pages do.
 *
 * @returns {string | undefined} undefined where there is none, or where CHROME_PATH says which browser to take
 */
export function findHeadlessShell() {
  return !process.env.CHROME_PATH && existsSync(HEADLESS_SHELL.path) ? HEADLESS_SHELL.path : undefined
}

/**
 * Install Debian's packages of the browsers that are missing, and of the headless shell where Debian has it. Only as root, as in a container:
 * nobody's password is asked for.
 *
 * @returns {Promise<void>} settles when that is over, however it ended; `findBrowser` tells
 */
export async function installBrowsers() {
  const missing = browserNames.filter((name) => !process.env[browsers[name].variable] && !findBrowser(name))
  const lacksShell = !process.env.CHROME_PATH && !findHeadlessShell()
  if (missing.length === 0 && !lacksShell) return
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  const packages = missing.flatMap((name) => browsers[name].packages)
  console.log(`Installing Debian's ${[...packages, ...(lacksShell ? [HEADLESS_SHELL.package] : [])].join(', ')} in the background …`)
  // Where nothing else is missing the shell is worth no long waiting for servers that cannot be reached.
  await aptGet(packages.length > 0 ? PATIENCE_MS : PATIENCE_MS / 10, 'update', '-qq')
  // A machine that loses power in the middle may install them again: no waiting for the disk after each file.
  const install = ['install', '-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-unsafe-io']
  if (packages.length > 0) await aptGet(PATIENCE_MS, ...install, ...packages)
  if (!lacksShell) return
  // By itself, and of the version that is here: where there is none the tests do without, and no Chromium is exchanged for it.
  const [, version] = (spawnSync('dpkg-query', ['--show', HEADLESS_SHELL.of], { encoding: 'utf8' }).stdout ?? '').trim().split('\t')
  if (version) await aptGet(PATIENCE_MS / 10, ...install, '--no-remove', `${HEADLESS_SHELL.package}=${version}`)
}

/**
 * @param {number} timeout milliseconds
 * @param {...string} args
 * @returns {Promise<void>}
 */
function aptGet(timeout, ...args) {
  const child = spawn('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout,
  })
  return new Promise((resolve) => {
    child.on('error', () => resolve())
    child.on('close', () => resolve())
  })
}

/** @param {string} path */
function foldersIn(path) {
  return existsSync(path) ? readdirSync(path) : []
}
