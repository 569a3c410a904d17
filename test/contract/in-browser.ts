import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserName } from '../../scripts/browsers.js'
import { type BrowserPage, describeInBrowser, launch, openLibrary } from '../support/every-browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import { cases, FILES, MODEL, type Place } from './cases.js'

const THREADS = ['worker', 'page thread'] as const
type Thread = (typeof THREADS)[number]

/** The contract suite in a browser, in a worker and in the page's thread. A file for each browser: they run side by side. */
export function testContractIn(name: BrowserName): void {
  describeInBrowser(name, () => {
    let server: TestServer
    let page: BrowserPage

    beforeAll(async () => {
      const script = await bundleCases()
      server = await serve({
        folders: LIBRARY_FOLDERS,
        handler: (_, response, url) => {
          if (url.pathname !== '/contract.js') return false
          response.setHeader('content-type', 'text/javascript')
          response.end(script)
          return true
        },
      })
      page = await launch(name)
      await openLibrary(page, server.origin, { contract: '/contract.js' })
    })

    afterAll(async () => {
      await page?.close()
      await server?.close()
    })

    describe.each(THREADS)('in the %s', (thread) => {
      test.each(Object.keys(cases))('%s', async (name) => {
        const failure = await page.evaluate(runCase, { name, thread, folder: `/reference/${MODEL}/`, files: FILES })
        expect(failure).toBe('')
      })
    })
  })
}

/** The suite as one script for the page. */
async function bundleCases(): Promise<string> {
  const bundle = await rolldown({ input: 'test/contract/cases.ts', platform: 'browser' })
  const { output } = await bundle.generate({ format: 'esm' })
  return output[0].code
}

/** Runs in the page. @returns what went wrong; empty where nothing did */
async function runCase({ name, thread, folder, files }: { name: string; thread: Thread; folder: string; files: string[] }) {
  const { contract, places = {} } = globalThis as unknown as { contract: { cases: typeof cases }; places?: Partial<Record<Thread, Place>> }
  Object.assign(globalThis, { places })
  places[thread] ??= {
    create: (options) =>
      pageRerank.createReranker({
        model: folder,
        device: 'wasm',
        dtype: 'fp32',
        ...(thread === 'worker' ? {} : { worker: false }),
        ...options,
      }),
    modelFiles: async () =>
      Object.fromEntries(
        await Promise.all(files.map(async (path) => [path, new Uint8Array(await (await fetch(folder + path)).arrayBuffer())] as const)),
      ),
  }
  try {
    await (contract.cases[name] as (typeof cases)[string])(places[thread])
    return ''
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}
