// @ts-check
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/**
 * Path of a Chromium: `CHROME_PATH`, else where systems put it.
 *
 * @param {{ install?: boolean }} [options] `install`: where there is none, install Debian's package if that is allowed
 * @returns {string}
 */
export function findChromium({ install = false } = {}) {
  const named = process.env.CHROME_PATH
  if (named) {
    if (existsSync(named)) return named
    throw new Error(`CHROME_PATH is ${named}, which does not exist.`)
  }
  const found = PLACES.find((place) => existsSync(place)) ?? (install ? installDebianPackage() : undefined)
  if (found) return found
  throw new Error('The browser tests need Chromium or Chrome. Install one (Debian: sudo apt-get install chromium), or set CHROME_PATH.')
}

/** Only as root, as in a container: nobody's password is asked for. */
function installDebianPackage() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return undefined
  console.log('No Chromium found; installing the Debian package "chromium" …')
  const aptGet = (/** @type {string[]} */ ...args) =>
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: 10 * 60_000,
    })
  aptGet('update', '-qq')
  aptGet('install', '-y', '-qq', '--no-install-recommends', 'chromium')
  return PLACES.find((place) => existsSync(place))
}
