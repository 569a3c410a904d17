import { rolldown } from 'rolldown'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BrowserName } from '../../scripts/browsers.js'
import type { ModelKind } from '../../src/types.js'
import { type BrowserPage, describeInBrowser, launch, openLibrary } from '../support/every-browser.js'
import { LIBRARY_FOLDERS, serve, type TestServer } from '../support/server.js'
import { casesOf, KINDS, type LocalCase, type LocalPlace, MODELS } from './cases.js'

const THREADS = ['worker', 'page thread'] as const
type Thread = (typeof THREADS)[number]

const SCRIPTS: Record<string, () => string | Promise<string>> = {
  '/contract.js': bundleCases,
  // What a worker imports comes in order: by then nothing can compile a kernel any more. The page hears that it was tried.
  '/worker-without-kernels.js': () => "import '/no-kernels.js'\nimport '/dist/worker.js'",
  '/no-kernels.js': () => `
    WebAssembly.Module = function refuse() {
      new BroadcastChannel('kernel').postMessage('tried')
      throw new WebAssembly.CompileError('there is no SIMD')
    }`,
}

/** The contract suite in a browser, in a worker and in the page's thread. A file for each browser: they run side by side. */
export function testContractIn(name: BrowserName): void {
  describeInBrowser(name, () => {
    let server: TestServer
    let page: BrowserPage

    beforeAll(async () => {
      server = await serve({
        folders: LIBRARY_FOLDERS,
        handler: async (_, response, url) => {
          const script = await SCRIPTS[url.pathname]?.()
          if (script === undefined) return false
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

    describe.each(KINDS)('%s', (kind) => {
      describe.each(THREADS)('in the %s', (thread) => {
        test.each(Object.keys(casesOf(kind)))('%s', async (name) => {
          expect(await page.evaluate(runCase, { name, kind, thread, ...MODELS[kind] })).toBe('')
        })
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

interface CaseInPage {
  name: string
  kind: ModelKind
  thread: Thread
  folder: string
  files: string[]
}

/** Runs in the page. @returns what went wrong; empty where nothing did */
async function runCase({ name, kind, thread, folder, files }: CaseInPage) {
  const { contract, places = {} } = globalThis as unknown as {
    contract: Pick<typeof import('./cases.js'), 'casesOf' | 'withoutKernels'>
    places?: Record<string, LocalPlace>
  }
  Object.assign(globalThis, { places })
  const model = `/reference/${folder}/`
  const own = thread === 'worker' ? {} : ({ worker: false } as const)
  const create: LocalPlace['create'] = (options) => pageRerank.createReranker({ model, device: 'wasm', dtype: 'fp32', ...own, ...options })
  const createInWorkerWithoutKernels = async () => {
    const channel = new BroadcastChannel('kernel')
    const tried = new Promise((resolve) => channel.addEventListener('message', resolve))
    try {
      const reranker = await pageRerank.createReranker({ model, device: 'wasm', dtype: 'fp32', worker: '/worker-without-kernels.js' })
      await tried
      return reranker
    } finally {
      channel.close()
    }
  }
  const place: LocalPlace = places[`${kind} ${thread}`] ?? {
    kind,
    create,
    createWithoutKernels: thread === 'worker' ? createInWorkerWithoutKernels : () => contract.withoutKernels(create),
    modelFiles: async () =>
      Object.fromEntries(
        await Promise.all(files.map(async (path) => [path, new Uint8Array(await (await fetch(model + path)).arrayBuffer())] as const)),
      ),
  }
  places[`${kind} ${thread}`] = place
  try {
    await (contract.casesOf(kind)[name] as LocalCase)(place)
    return ''
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  }
}
