import { createHash } from 'node:crypto'
import { chromium, type Page } from 'playwright-core'
import type { LocalRerankerInfo } from '../../src/types.js'
import { launchOptions } from '../support/browser.js'
import { launch } from '../support/every-browser.js'
import type { App } from './apps.js'

export interface Outcome {
  /** What the app left. */
  seen: { info?: LocalRerankerInfo; first?: number; error?: string }
  /** Whether it reranked in a worker, rightly. */
  works: boolean
  /** Undefined where there is no policy of ours. */
  violations?: string[]
  /** Of the console, and uncaught; undefined where the browser does not tell. */
  errors?: string[]
  /** Bytes of responses, as the browser counts them. */
  received: number
}

/** Open an app and wait until it has reranked. */
export async function measure(address: string, browser: Exclude<App['browser'], 'extension'> = 'chromium'): Promise<Outcome> {
  if (browser !== 'chromium') return measureElsewhere(address, browser)
  const chrome = await chromium.launch(launchOptions())
  try {
    return await look(await chrome.newPage(), address)
  } finally {
    await chrome.close()
  }
}

/** Load a folder as an extension and open its page. */
export async function measureExtension(folder: string): Promise<Outcome> {
  const { args, ...options } = launchOptions()
  const context = await chromium.launchPersistentContext('', {
    ...options,
    // Playwright's default.
    ignoreDefaultArgs: ['--disable-extensions'],
    args: [...args, `--load-extension=${folder}`, `--disable-extensions-except=${folder}`],
  })
  try {
    // Of an extension without a key: its path's hash, in letters.
    const hash = createHash('sha256').update(folder).digest('hex').slice(0, 32)
    const id = hash.replaceAll(/./g, (digit) => 'abcdefghijklmnop'.charAt(Number.parseInt(digit, 16)))
    return await look(await context.newPage(), `chrome-extension://${id}/index.html`)
  } finally {
    await context.close()
  }
}

async function look(page: Page, address: string): Promise<Outcome> {
  const errors: string[] = []
  const sizes: Promise<number>[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('requestfinished', (request) =>
    sizes.push(
      request.sizes().then(
        ({ responseBodySize }) => responseBodySize,
        () => 0,
      ),
    ),
  )
  await page.goto(address)
  const seen: Outcome['seen'] = await page
    .waitForFunction(() => Reflect.get(globalThis, 'outcome'), undefined, { timeout: 60_000, polling: 100 })
    .then((handle) => handle.jsonValue())
    .catch((error) => ({ error: String(error) }))
  const received = (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0)
  return { seen, works: worked(seen), errors, received }
}

async function measureElsewhere(address: string, name: 'firefox' | 'webkit'): Promise<Outcome> {
  const page = await launch(name)
  try {
    await page.goto(address)
    for (let tries = 0; tries < 600; tries++) {
      const seen = await page.evaluate(() => Reflect.get(globalThis, 'outcome') as Outcome['seen'] | undefined)
      if (seen) return { seen, works: worked(seen), received: 0 }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error('nothing came out within a minute')
  } finally {
    await page.close()
  }
}

const worked = ({ info, first }: Outcome['seen']) => first === 2 && info?.worker === true
