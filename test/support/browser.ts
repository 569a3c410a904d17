import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { findHeadlessShell, requireBrowser } from '../../scripts/browsers.js'
import type { CreateRerankerOptions } from '../../src/client/options.js'
import type { LocalReranker } from '../../src/types.js'
import { BLANK_PAGE } from './server.js'

/** SwiftShader gives a headless Chromium without a GPU a complete WebGPU, on the CPU. */
const WEBGPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan']

/** Keeps a test browser from calling home. */
const QUIET = ['--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/**
 * WebAssembly that runs long is compiled once more, to faster code; a test's page is over by then. V8's own threshold is a tenth of it,
 * with which half of what the tests compute is compiling.
 */
const TIER_UP_LATER = '--js-flags=--wasm-tiering-budget=130000000'

interface LaunchOptions {
  webgpu?: boolean
  /** The browser that readers have, not its engine alone. Where it matters: it starts three times as slowly. */
  whole?: boolean
  /** Where times are taken: the whole browser, and everything that makes a page fast in the end is as readers have it. */
  measured?: boolean
}

export function launchOptions({ webgpu = false, measured = false, whole = measured }: LaunchOptions = {}) {
  const shell = whole ? undefined : findHeadlessShell()
  return {
    executablePath: shell ?? requireBrowser('chromium'),
    args: [
      '--no-sandbox',
      ...QUIET,
      ...(measured ? [] : [TIER_UP_LATER]),
      ...(webgpu ? WEBGPU : ['--disable-features=WebGPU', '--disable-webgpu']),
    ],
  }
}

/** A real Chromium; fails, never skips, where there is none. */
export async function launchBrowser(options?: LaunchOptions): Promise<Browser> {
  return chromium.launch(launchOptions(options))
}

/** Work with a page of a browser that keeps a profile on disk, as readers' browsers do; others keep everything in memory. */
export async function withProfile(origin: string, work: (page: LibraryPage) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'page-rerank-profile-'))
  const context = await chromium.launchPersistentContext(folder, launchOptions({ whole: true }))
  try {
    await work(await openLibraryPage(context, origin))
  } finally {
    await context.close()
    await rm(folder, { recursive: true })
  }
}

export type LibraryPage = Page & { errors: string[] }

declare global {
  /** The built library, in the pages that `openLibraryPage` opens. */
  var pageRerank: typeof import('../../src/index.js')
  /** Does something with a reranker and disposes of it, whatever happens. */
  var withReranker: <T>(options: CreateRerankerOptions, work: (reranker: LocalReranker) => Promise<T> | T) => Promise<T>
}

/** Makes these globals. */
export const LIBRARY_SCRIPT = `
  globalThis.pageRerank = await import('/dist/index.js')
  globalThis.withReranker = async (options, work) => {
    const reranker = await pageRerank.createReranker(options)
    try {
      return await work(reranker)
    } finally {
      await reranker.dispose()
    }
  }`

/**
 * A blank page with the built library at `globalThis.pageRerank`; console errors and uncaught errors are collected.
 *
 * @param where a browser, for a page with storage of its own, or the context of tabs that share theirs
 */
export async function openLibraryPage(where: Browser | BrowserContext, origin: string): Promise<LibraryPage> {
  const context = 'newContext' in where ? await where.newContext() : where
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(`${origin}${BLANK_PAGE}`)
  await page.addScriptTag({ type: 'module', content: LIBRARY_SCRIPT })
  await page.waitForFunction(() => 'withReranker' in globalThis)
  return Object.assign(page, { errors })
}
