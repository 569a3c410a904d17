import { type ChildProcess, spawn } from 'node:child_process'
import { requireBrowser } from '../../scripts/browsers.js'
import { freePort } from './free-port.js'

/** As in Chromium (browser.ts): WebAssembly is compiled to JavaScriptCore's fastest code forty times as late. */
const TIER_UP_LATER = { JSC_thresholdForOMGOptimizeAfterWarmUp: '2000000', JSC_thresholdForOMGOptimizeSoon: '2000000' }

/**
 * WebKitGTK's MiniBrowser on a screen of its own, through the W3C's WebDriver protocol: JSON over HTTP, and few enough of its
 * commands are needed that they are spelt out here.
 */
export class WebKit {
  readonly #session: string
  readonly #processes: ChildProcess[]

  private constructor(session: string, processes: ChildProcess[]) {
    this.#session = session
    this.#processes = processes
  }

  static async launch(): Promise<WebKit> {
    const processes: ChildProcess[] = []
    try {
      const binary = requireBrowser('webkit')
      const { screen, display } = await startScreen()
      processes.push(screen)
      const port = await freePort()
      // WebKit's sandbox needs namespaces that root in a container has not.
      const sandbox = process.getuid?.() === 0 ? { WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' } : {}
      const env = { ...process.env, DISPLAY: display, GDK_BACKEND: 'x11', ...TIER_UP_LATER, ...sandbox }
      processes.push(spawn('/usr/bin/WebKitWebDriver', [`--port=${port}`], { env, stdio: 'ignore' }))
      const origin = `http://127.0.0.1:${port}`
      await listening(`${origin}/status`)
      const capabilities = {
        alwaysMatch: {
          'webkitgtk:browserOptions': { binary, args: ['--automation'] },
          timeouts: { script: 120_000, pageLoad: 60_000 },
        },
      }
      const { sessionId } = await send<{ sessionId: string }>('POST', `${origin}/session`, { capabilities })
      return new WebKit(`${origin}/session/${sessionId}`, processes)
    } catch (error) {
      for (const one of processes) one.kill()
      throw error
    }
  }

  /** A command of the session, e.g. `/url`. */
  command<Value>(path: string, body: object = {}): Promise<Value> {
    return send('POST', `${this.#session}${path}`, body)
  }

  async close(): Promise<void> {
    try {
      await send('DELETE', this.#session)
    } finally {
      for (const one of this.#processes) one.kill()
    }
  }
}

async function send<Value>(method: string, address: string, body?: object): Promise<Value> {
  const response = await fetch(address, { method, body: body ? JSON.stringify(body) : null })
  const { value } = (await response.json()) as { value: Value & { error?: string; message?: string } }
  if (!response.ok) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`)
  return value
}

/** An X server that picks a free display by itself and says which. */
function startScreen(): Promise<{ screen: ChildProcess; display: string }> {
  const screen = spawn('/usr/bin/Xvfb', ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    screen.on('error', reject)
    screen.on('exit', (code) => reject(new Error(`Xvfb ended with ${code}.`)))
    let said = ''
    screen.stdio[3]?.on('data', (chunk: Buffer) => {
      said += chunk
      if (said.endsWith('\n')) resolve({ screen, display: `:${said.trim()}` })
    })
  })
}

async function listening(address: string): Promise<void> {
  for (const end = Date.now() + 30_000; ; ) {
    const answered = await fetch(address).then(
      () => true,
      () => false,
    )
    if (answered) return
    if (Date.now() > end) throw new Error('WebKitWebDriver did not start within 30 seconds.')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
