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
  /** Whether it did so again with its hosts gone; undefined where that was not tried. */
  worksOffline?: boolean
}

/** Open an app and wait until it has reranked. */
export async function measure(address: string, browser: Exclude<App['browser'], 'extension'> = 'chromium'): Promise<Outcome> {
  if (browser !== 'chromium') return measureElsewhere(address, browser)
  const chrome = await chromium.launch(launchOptions({ measured: true }))
  try {
    return await look(await chrome.newPage(), address)
  } finally {
    await chrome.close()
  }
}

/**
 * Open an app, and once more when its hosts are gone. In between a service worker keeps what the first visit fetched; the model's files are the
 * library's own matter.
 *
 * @param hosts count what they sent until they are closed
 */
export async function measureOffline(address: string, hosts: { sent(): number; close(): void }): Promise<Outcome> {
  const chrome = await chromium.launch(launchOptions({ measured: true }))
  try {
    const context = await chrome.newContext()
    const page = await context.newPage()
    const asked = new Set<string>()
    page.on('request', (request) => request.method() === 'GET' && request.url().startsWith('http') && asked.add(request.url()))
    const outcome = { ...(await look(page, address)), received: hosts.sent() }
    if (!outcome.works) return outcome
    await page.goto(new URL('offline.html', address).href)
    await page.evaluate(
      async (files) => {
        await navigator.serviceWorker.register('offline.js')
        await navigator.serviceWorker.ready
        await (await caches.open('visit')).addAll(files)
      },
      [...asked].filter((file) => !MODEL_FILE.test(file) && !file.endsWith('/offline.html')),
    )
    hosts.close()
    const { works, seen } = await look(await context.newPage(), address)
    return { ...outcome, worksOffline: works && seen.info?.bytes.network === 0 }
  } finally {
    await chrome.close()
  }
}

/** The model's own, which the library keeps. */
const MODEL_FILE = /\.(onnx|bin)(\?|$)|tokenizer|\bconfig.*\.json/

/** Load a folder as an extension and open its page. */
export async function measureExtension(folder: string): Promise<Outcome> {
  const { args, ...options } = launchOptions({ measured: true })
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
