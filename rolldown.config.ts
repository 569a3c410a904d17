import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'rolldown'
import { compileKernels } from './scripts/compile-kernel.js'
import { thirdPartyNotices } from './scripts/third-party-notices.js'
import { MODEL_PACKAGES } from './src/model/packages.ts'
import { ORT_NAMES, type OrtBuild, PACKAGED_ORT_NAMES } from './src/runtime/ort-files.ts'

/**
 * The library build. Rolldown and not Vite's library mode, which would inline ONNX Runtime's binaries as base64.
 *
 * dist/index.js   the page's side, and a chunk for running without a worker
 * dist/no-webgpu.js, dist/no-model.js  the same for sites that want less
 * models/NAME/index.js  addresses of the files of a model that is a package of its own
 * dist/search.js  a search box over any first stage
 * dist/react.js, dist/vue.js  the same for these frameworks, and the model's loading
 * dist/component.js  the same as an element, with its list
 * dist/algolia.js  a client of Algolia whose hits are ranked
 * dist/cascade.js  two rerankers as one
 * dist/remote.js  rerankers behind servers, and one out of several
 * dist/ai-sdk.js, dist/langchain.js, dist/tanstack-ai.js, dist/mastra.js  a reranker in these frameworks' words
 * dist/vitepress.js  the VitePress plugin; dist/vitepress-search-box.js its side of the page
 * dist/worker.js  the worker, one self-contained script that bundlers copy as it is
 * dist/ort/       ONNX Runtime's files, WebGPU's binaries as gzip
 * dist/pagefind.js  what a site's pagefind.js becomes around Pagefind's own
 * dist/node.js    the Node entry; dist/cli.js the command line; dist/ort-thread.js a thread of onnxruntime-node; a chunk with the server
 * dist/THIRD-PARTY-NOTICES.txt  licences of what the bundles contain
 */
const minify = { compress: true, mangle: true, codegen: { removeWhitespace: true } } as const

/** For those who import `page-rerank/worker` into a worker of their own. */
const WORKER_TYPES = '/** Listens for the page; exports nothing. */\nexport {}\n'

// One for all bundles, so that it sees the packages of each.
const notices = thirdPartyNotices()
const kernels = compileKernels()

/**
 * What is imported at run time: by address in pages (ONNX Runtime, transformers.js), and packages that need not be installed in Node.
 * Minifying drops the comments that tell bundlers not to look for them. In a template an import is text that becomes a page's, to be bundled.
 */
const keepIgnoreComments: Plugin = {
  name: 'keep-ignore-comments',
  generateBundle(_, bundle) {
    const atRunTime = new RegExp(`\\bimport\\((?=\\w|\\$(?!\\{)|\`\\$\\{|"(?:${OPTIONAL.join('|')})")`, 'g')
    for (const file of Object.values(bundle)) {
      if (file.type === 'chunk')
        file.code = file.code.replace(atRunTime, 'import(/* @vite-ignore *//* webpackIgnore: true *//* turbopackIgnore: true */')
    }
  },
}

/** Packages that serve where they are installed. */
const OPTIONAL = ['onnxruntime-node', '@huggingface/transformers']

/** What every entry's own code needs, search boxes and frameworks' hooks too: it names no files. */
const BASE = /[\\/]src[\\/](types|errors|core[\\/](options|call-options|nearest-name|or-aborted))\.ts$/

/** What the entries for pages share with the chunks that they load and with smaller entries: in one, since one for each set of sharers is larger. */
const SHARED =
  /[\\/]src[\\/](model[\\/](location|packages|describe[\\/]registry)|core[\\/](calls|document-reranker|documents|guarded|in-time|inner-path|ordering|tally|mutex|settled-within|countdown|bounded-map|pace))\.ts$/

/** What the entries for pages have in common. No chunk that they load imports it: bundlers that make one file of all fail at such a circle. */
const PAGE = /[\\/]src[\\/](page-exports|client[\\/].+)\.ts$/

/** Addresses of files, in a chunk that has nothing else: Vite 5 loses its way in code with some regular expressions, and copies nothing of it. */
const LIBRARY = /[\\/]src[\\/]assets[\\/](assets|library)\.ts$/

// A file of an earlier build must not be packed.
rmSync('dist', { recursive: true, force: true })

const modelPackages = Object.keys(MODEL_PACKAGES).map((name) => ({
  input: `models/${name}/source.ts`,
  platform: 'browser' as const,
  output: { file: `models/${name}/index.js`, format: 'esm' as const },
}))

export default defineConfig([
  ...modelPackages,
  {
    input: {
      index: 'src/index.ts',
      'no-webgpu': 'src/no-webgpu.ts',
      'no-model': 'src/no-model.ts',
      search: 'src/search/index.ts',
      react: 'src/react/index.ts',
      vue: 'src/vue/index.ts',
      component: 'src/component/index.ts',
      algolia: 'src/algolia/index.ts',
      cascade: 'src/cascade/index.ts',
      'ai-sdk': 'src/adapters/ai-sdk.ts',
      langchain: 'src/adapters/langchain.ts',
      'tanstack-ai': 'src/adapters/tanstack-ai.ts',
      mastra: 'src/adapters/mastra.ts',
      remote: 'src/remote/index.ts',
      'vitepress-search-box': 'src/vitepress/search-box.ts',
    },
    platform: 'browser',
    external: ['react', 'vue'],
    output: {
      dir: 'dist',
      format: 'esm',
      chunkFileNames: '[name].js',
      minify,
      codeSplitting: {
        groups: [
          { name: 'base', test: BASE },
          { name: 'shared', test: SHARED },
          { name: 'page', test: PAGE },
          { name: 'library', test: LIBRARY },
        ],
      },
    },
    plugins: [kernels, keepIgnoreComments, { name: 'copy-onnxruntime', writeBundle: copyOrt }, notices],
  },
  {
    input: { worker: 'src/worker/worker.ts' },
    platform: 'browser',
    // No bundler takes it apart: hints for one are of no use in it.
    output: { dir: 'dist', format: 'esm', codeSplitting: false, minify, comments: { annotation: false } },
    plugins: [
      kernels,
      keepIgnoreComments,
      { name: 'worker-types', writeBundle: () => writeFileSync('dist/worker.d.ts', WORKER_TYPES) },
      notices,
    ],
  },
  {
    // A script of its own, which is written into the site's pagefind.js.
    input: { pagefind: 'src/pagefind/wrapper.ts' },
    platform: 'browser',
    output: { dir: 'dist', format: 'iife', name: 'wrapPagefind', minify },
    plugins: [notices],
  },
  {
    input: {
      node: 'src/node/index.ts',
      cli: 'src/node/cli.ts',
      'ort-thread': 'src/node/ort-thread.ts',
      vitepress: 'src/vitepress/index.ts',
    },
    platform: 'node',
    external: OPTIONAL,
    resolve: { alias: { '@opentelemetry/api': fileURLToPath(new URL('src/serve/no-tracing.ts', import.meta.url)) } },
    output: { dir: 'dist', format: 'esm', chunkFileNames: 'node-[name].js' },
    plugins: [kernels, keepIgnoreComments, notices],
  },
])

function copyOrt(): void {
  const from = dirname(fileURLToPath(import.meta.resolve('onnxruntime-web/wasm')))
  mkdirSync('dist/ort', { recursive: true })
  for (const [build, { script, binary }] of Object.entries(ORT_NAMES)) {
    const bytes = readFileSync(join(from, binary))
    const packaged = PACKAGED_ORT_NAMES[build as OrtBuild].binary
    writeFileSync(join('dist/ort', packaged), packaged === binary ? bytes : gzipSync(bytes, { level: 9 }))
    // Without its source map comment: the map is not shipped, and development servers would complain.
    const code = readFileSync(join(from, script), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
    // It names its binary to bundlers that look into it (Parcel); at run time it is told.
    writeFileSync(join('dist/ort', script), code.replaceAll(`new URL("${binary}"`, `new URL("${packaged}"`))
  }
}
