// @ts-check
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'
import { questions } from '../scripts/example-questions.js'

/** The demo page's corpus, as its reranker reads it, dealt out so that any first part of it is a sample of the whole. */
export async function readCorpus() {
  /** @type {typeof import('../src/demo/corpus/web-apis.js')} */
  const { extractWebApis } = await load('corpus/web-apis.ts')
  /** @type {typeof import('../src/demo/document-entry.js')} */
  const { rerankText } = await load('document-entry.ts')
  const entries = extractWebApis(readFileSync(createRequire(import.meta.url).resolve('@types/web/index.d.ts'), 'utf8'))
  // A step that shares no factor with the number of entries visits each of them once.
  const step = 1009
  const documents = entries.map((_, i) => rerankText(/** @type {(typeof entries)[number]} */ (entries[(i * step) % entries.length])))
  return { documents, queries: questions.map(([question]) => question) }
}

/**
 * @template Module
 * @param {string} path in src/demo
 * @returns {Promise<Module>}
 */
async function load(path) {
  return /** @type {Module} */ ((await runnerImport(fileURLToPath(new URL(`../src/demo/${path}`, import.meta.url)))).module)
}
