// @ts-check
// npm run size: what a page downloads and what is on disk, from the built library, as Markdown for the README.
import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'

/** What the library's own scripts may weigh together, gzip. */
export const MAX_LIBRARY_GZIP = 93_000

const root = new URL('..', import.meta.url)

/** @param {string} path */
const read = (path) => readFileSync(new URL(path, root))

/** @typedef {{ what: string, files: string[] }} Item */

/** Scripts of a page whose worker runs: the entry with what it imports at once, and the worker. */
export function libraryFiles() {
  return [...withStaticImports('index.js'), 'worker.js'].map((file) => `dist/${file}`)
}

/** Entries that a page imports beside or in place of the main one: what each loads at once, by its name. */
export const SMALL_ENTRIES = [
  'search',
  'react',
  'vue',
  'component',
  'algolia',
  'cascade',
  'remote',
  'ai-sdk',
  'langchain',
  'tanstack-ai',
  'mastra',
]

/** @param {string} entry */
const entryFiles = (entry) => [...withStaticImports(`${entry}.js`)].map((file) => `dist/${file}`)

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
    const model = `models/${name}`
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
    { title: 'First visit, WebGPU (JSPI)', items: visit('webgpu', 'ort.jspi.bundle.min.mjs', 'ort-wasm-simd-threaded.jspi.wasm.gz') },
    {
      title: 'First visit, WebGPU without JSPI',
      items: visit('webgpu', 'ort.webgpu.bundle.min.mjs', 'ort-wasm-simd-threaded.asyncify.wasm.gz'),
    },
  ]
}

/** What a site's build has on its disk: an entry's scripts, and every file that its scripts name to bundlers. @param {string} entry */
function build(entry) {
  const scripts = [...withStaticImports(entry), ...DYNAMIC].map((file) => `dist/${file}`)
  const named = scripts.flatMap((script) =>
    [
      ...read(script)
        .toString()
        .matchAll(/new URL\(["'`](\.[^"'`]+)["'`],\s*import\.meta\.url\)/g),
    ].map(([, path]) => join(dirname(script), path ?? '').replaceAll('\\', '/')),
  )
  return [...new Set([...scripts, ...named])].map((file) => measureRaw(file)).reduce((sum, bytes) => sum + bytes, 0)
}

/** Chunks that a page may load later. */
const DYNAMIC = ['open-web-engine.js', 'web-cache.js', 'web-store.js']

/** @param {string} file */
const measureRaw = (file) => statSync(new URL(file, root)).size

/** Bytes that `npm install` puts on a disk. @param {string} folder */
function installed(folder) {
  const npm = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: new URL(folder, root), encoding: 'utf8' })
  return JSON.parse(npm)[0].unpackedSize
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
  console.log(
    [
      '',
      header('Other entries, and what they import at once'),
      ...SMALL_ENTRIES.map((name) => row(`page-rerank/${name}`, entryFiles(name))),
    ].join('\n'),
  )
  for (const { title, items } of visits()) {
    const files = items.flatMap((item) => item.files)
    console.log(['', header(title), ...items.map((item) => row(item.what, item.files)), row('**together**', files)].join('\n'))
  }
  console.log('\n| On disk | |\n|:--|--:|')
  console.log(`| \`npm install page-rerank\`, with the default model | ${human(installed('.'))} |`)
  for (const name of ['page-rerank-tiny-en', 'page-rerank-small-zh'])
    console.log(`| \`npm install ${name}\` | ${human(installed(`models/${name}/`))} |`)
  console.log(`| a build with \`page-rerank\` | ${human(build('index.js'))} |`)
  console.log(`| a build with \`page-rerank/no-webgpu\` | ${human(build('no-webgpu.js'))} |`)
  console.log(`| a build with \`page-rerank/no-model\`, without the model that it brings | ${human(build('no-model.js'))} |`)
  const bytes = gzipSize(library)
  console.log(`\nLibrary: ${bytes} of at most ${MAX_LIBRARY_GZIP} bytes gzip.`)
  if (bytes > MAX_LIBRARY_GZIP) process.exitCode = 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
