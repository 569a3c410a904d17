import { chromium } from 'playwright-core'
import puppeteer from 'puppeteer-core'
import { type BrowserName, browsers, findBrowser, requireBrowser } from '../../scripts/browsers.js'
import { LIBRARY_SCRIPT, launchOptions } from './browser.js'
import { describeWhere } from './needs.js'
import { BLANK_PAGE } from './server.js'
import { WebKit } from './webkit.js'

/** What tests do in every browser alike: one page of a browser of its own. */
export interface BrowserPage {
  /** Open an address and wait until it is loaded. */
  goto(address: string): Promise<void>
  /** Run a function in the page, by its source: it sees nothing but its argument. What goes in and comes out is JSON. */
  evaluate<Result>(run: () => Result | Promise<Result>): Promise<Result>
  evaluate<Result, Argument>(run: (argument: Argument) => Result | Promise<Result>, argument: Argument): Promise<Result>
  /** Type into a field, key by key. */
  type(selector: string, text: string): Promise<void>
  /** End the browser. */
  close(): Promise<void>
}

/** What a test may ask of every browser; each does it by the means it has. */
const launchers: Record<BrowserName, () => Promise<BrowserPage>> = {
  async chromium() {
    // Playwright turns the back/forward cache off, which readers have on.
    const browser = await chromium.launch({ ...launchOptions({ whole: true }), ignoreDefaultArgs: ['--disable-back-forward-cache'] })
    const page = await browser.newPage()
    return {
      goto: async (address) => void (await page.goto(address)),
      evaluate: (run: (argument: never) => unknown, argument?: unknown) => page.evaluate(run as never, argument as never),
      type: (selector, text) => page.locator(selector).pressSequentially(text),
      close: () => browser.close(),
    } as BrowserPage
  },

  async firefox() {
    const browser = await puppeteer.launch({ browser: 'firefox', executablePath: requireBrowser('firefox') })
    const page = await browser.newPage()
    return {
      goto: async (address) => void (await page.goto(address)),
      evaluate: (run: (argument: never) => unknown, argument?: unknown) => page.evaluate(run as never, argument),
      type: (selector, text) => page.type(selector, text),
      close: () => browser.close(),
    } as BrowserPage
  },

  async webkit() {
    const webkit = await WebKit.launch()
    return {
      goto: (url) => webkit.command('/url', { url }),
      evaluate: async (run: (argument: never) => unknown, argument?: unknown) => {
        // The function's source stands in the script itself: a page's policy may forbid eval.
        const script = `
          const [argument, done] = arguments
          ;(async () => (${run})(argument))().then(
            (value) => done({ value }),
            (error) => done({ error: error instanceof Error ? error.name + ': ' + error.message : String(error) }),
          )`
        const answer = await webkit.command<{ value?: unknown; error?: string }>('/execute/async', { script, args: [argument ?? null] })
        if (answer.error !== undefined) throw new Error(answer.error)
        return answer.value
      },
      type: async (selector, text) => {
        const element = await webkit.command<Record<string, string>>('/element', { using: 'css selector', value: selector })
        await webkit.command(`/element/${Object.values(element)[0]}/value`, { text })
      },
      close: () => webkit.close(),
    } as BrowserPage
  },
}

/** A browser with one page. */
export const launch = (name: BrowserName): Promise<BrowserPage> => launchers[name]()

/** A group of tests in a browser, skipped with the reason where this machine lacks it; Chromium is never skipped. */
export function describeInBrowser(name: BrowserName, tests: () => void): void {
  const { title } = browsers[name]
  const missing = name !== 'chromium' && !findBrowser(name) ? `${title} is not installed` : undefined
  describeWhere(missing, `in ${title}`, tests)
}

/** Open a blank page with the built library at `globalThis.pageRerank`, and with what other modules export, by name. */
export async function openLibrary(page: BrowserPage, origin: string, modules: Record<string, string> = {}): Promise<void> {
  await page.goto(`${origin}${BLANK_PAGE}`)
  const imports = Object.entries(modules).map(([name, address]) => `globalThis.${name} = await import('${address}')`)
  await page.evaluate(
    (code) =>
      new Promise<void>((resolve, reject) => {
        const script = document.createElement('script')
        script.type = 'module'
        Object.assign(globalThis, { scriptEnded: (error?: unknown) => (error ? reject(error) : resolve()) })
        script.textContent = `try { ${code}\n scriptEnded() } catch (error) { scriptEnded(error) }`
        document.head.append(script)
      }),
    [LIBRARY_SCRIPT, ...imports].join('\n'),
  )
}
