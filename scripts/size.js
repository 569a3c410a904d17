// @ts-check
// npm run size: what a page downloads, from the built library, as Markdown for the README.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** What the library's own scripts may weigh together, gzip. */
export const MAX_LIBRARY_GZIP = 91_000

const root = new URL('..', import.meta.url)

/** @param {string} path */
const read = (path) => readFileSync(new URL(path, root))

/** @typedef {{ what: string, files: string[] }} Item */

/** Scripts of a page whose worker runs: the entry with what it imports at once, and the worker. */
export function libraryFiles() {
  return [...withStaticImports('index.js'), 'worker.js'].map((file) => `dist/${file}`)
}

/** @param {string[]} files */
export function gzipSize(files) {
  return files.reduce((sum, file) => sum + gzipSync(read(file), { level: 9 }).length, 0)
}

/**
 * A script in dist/ and the chunks it cannot start without. `import('…')` is not among them.
 *
 * @param {string} file
 * @param {Set<string>} [seen]
 */
function withStaticImports(file, seen = new Set()) {
  seen.add(file)
  for (const [, chunk] of read(`dist/${file}`)
    .toString()
    .matchAll(/\b(?:from|import)\s*["'`]\.\/([^"'`]+)["'`]/g)) {
    if (chunk && !seen.has(chunk)) withStaticImports(chunk, seen)
  }
  return seen
}

/** @returns {{ title: string, items: Item[] }[]} */
function visits() {
  const library = { what: 'page-rerank: page and worker', files: libraryFiles() }
  const visit = (
    /** @type {'wasm' | 'webgpu'} */ device,
    /** @type {string} */ script,
    /** @type {string} */ binary,
    name = 'page-rerank-small-en',
  ) => {
    const model = `public/models/${name}`
    const { dtypes, recommended, terms } = JSON.parse(read(`${model}/page-rerank.json`).toString())
    return [
      library,
      { what: 'ONNX Runtime: script', files: [`dist/ort/${script}`] },
      { what: 'ONNX Runtime: binary', files: [`dist/ort/${binary}`] },
      { what: 'tokenizer', files: [`${model}/tokenizer.json`] },
      ...(terms ? [{ what: 'rarities of the vocabulary', files: [`${model}/${terms.rarity}`] }] : []),
      { what: `model (${recommended[device]})`, files: [`${model}/${dtypes[recommended[device]].file}`] },
    ]
  }
  return [
    { title: 'First visit, WASM', items: visit('wasm', 'ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm') },
    {
      title: 'First visit, WASM, tiny model',
      items: visit('wasm', 'ort.wasm.bundle.min.mjs', 'ort-wasm-simd-threaded.wasm', 'page-rerank-tiny-en'),
    },
    { title: 'First visit, WebGPU (JSPI)', items: visit('webgpu', 'ort.jspi.bundle.min.mjs', 'ort-wasm-simd-threaded.jspi.wasm') },
    {
      title: 'First visit, WebGPU without JSPI',
      items: visit('webgpu', 'ort.webgpu.bundle.min.mjs', 'ort-wasm-simd-threaded.asyncify.wasm.gz'),
    },
  ]
}

/** @type {Map<string, number[]>} */
const measured = new Map()

/**
 * Bytes as they are, gzip and brotli (level 9, what a server that compresses beforehand easily affords).
 *
 * @param {string} file
 */
function measure(file) {
  const known = measured.get(file)
  if (known) return known
  const bytes = read(file)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 9, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  const sizes = [bytes.length, gzipSync(bytes, { level: 9 }).length, brotliCompressSync(bytes, { params }).length]
  measured.set(file, sizes)
  return sizes
}

/** @param {string[]} files */
const sum = (files) => files.map(measure).reduce((all, one) => all.map((value, i) => value + (one[i] ?? 0)), [0, 0, 0])

/** @param {number} bytes */
function human(bytes) {
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e3).toFixed(1)} kB`
}

/**
 * @param {string} what
 * @param {string[]} files
 */
const row = (what, files) => `| ${[what, ...sum(files).map(human)].join(' | ')} |`

/** @param {string} title */
const header = (title) => `| ${title} | as it is | gzip | brotli |\n|:--|--:|--:|--:|`

function main() {
  const library = libraryFiles()
  console.log([header('Library, without ONNX Runtime'), ...library.map((file) => row(`\`${file}\``, [file]))].join('\n'))
  console.log(row('**together**', library))
  console.log(row('`dist/open-web-engine.js` (only without a worker)', ['dist/open-web-engine.js']))
  for (const { title, items } of visits()) {
    const files = items.flatMap((item) => item.files)
    console.log(['', header(title), ...items.map((item) => row(item.what, item.files)), row('**together**', files)].join('\n'))
  }
  const bytes = gzipSize(library)
  console.log(`\nLibrary: ${bytes} of at most ${MAX_LIBRARY_GZIP} bytes gzip.`)
  if (bytes > MAX_LIBRARY_GZIP) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
