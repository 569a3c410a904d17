// @ts-check
// The browsers that tests and benchmarks run in: where they are, and how a bare machine gets them.
// Node's own modules only: this runs before anything is installed.
import { spawn } from 'node:child_process'
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

/**
 * Install Debian's packages of the browsers that are missing. Only as root, as in a container: nobody's password is asked for.
 *
 * @returns {Promise<void>} settles when that is over, however it ended; `findBrowser` tells
 */
export async function installBrowsers() {
  const missing = browserNames.filter((name) => !process.env[browsers[name].variable] && !findBrowser(name))
  if (missing.length === 0 || process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return
  const packages = missing.flatMap((name) => browsers[name].packages)
  console.log(`Installing Debian's ${packages.join(', ')} in the background …`)
  await aptGet('update', '-qq')
  // A machine that loses power in the middle may install them again: no waiting for the disk after each file.
  await aptGet('install', '-y', '-qq', '--no-install-recommends', '-o', 'Dpkg::Options::=--force-unsafe-io', ...packages)
}

/**
 * @param {...string} args
 * @returns {Promise<void>}
 */
function aptGet(...args) {
  const child = spawn('apt-get', args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 10 * 60_000,
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
