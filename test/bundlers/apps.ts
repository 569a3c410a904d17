/** One way to bring the package into a page. */
export interface App {
  name: string
  /** As the table says it. @default the first of `packages` */
  title?: string
  mode: string
  /** From the registry, with their versions. */
  packages?: string[]
  /** What is written besides the shared code, by path. */
  files: Record<string, string>
  /** Commands that build it, in the app's folder. */
  build?: string[][]
  /** What is served, below the app's folder. */
  output?: string
  /** Instead of a build: a command that serves the app on the port that takes the place of PORT. */
  serve?: string[]
  policy: Policy
  /** The package comes from another origin. */
  cdn?: boolean
  /** @default 'chromium' */
  browser?: 'chromium' | 'firefox' | 'webkit' | 'extension'
  /** What had to be written or configured, besides `createReranker()`. */
  configured: string
}

export type Policy = 'strict' | 'inline' | 'cdn' | 'none' | 'manifest'

const STRICT = ["default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'", "connect-src 'self'"]
const TRUSTED_TYPES = ["require-trusted-types-for 'script'", 'trusted-types page-rerank']

/** Content-Security-Policy of a response; CDN stands for the other origin. */
export const policies: Record<Policy, string[]> = {
  strict: [...STRICT, ...TRUSTED_TYPES],
  // Frameworks that write scripts and styles into their pages.
  inline: [
    "default-src 'self'",
    "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
    "style-src 'self' 'unsafe-inline'",
    "worker-src 'self'",
    "connect-src 'self'",
  ],
  cdn: [
    "default-src 'self'",
    "script-src 'self' CDN 'wasm-unsafe-eval'",
    'worker-src blob: CDN',
    "connect-src 'self' CDN",
    ...TRUSTED_TYPES,
  ],
  none: [],
  manifest: [],
}

/** What every app does: rerank three documents with what the package brings, and leave the outcome where it can be seen. */
export const shared = (packageAddress = 'page-rerank') => `import { createReranker } from '${packageAddress}'

const query = 'how do I boil an egg'
const documents = [
  'The ferry leaves the old harbour every forty minutes.',
  'Government bonds pay a fixed interest until they fall due.',
  'Lower the eggs into simmering water and leave them for seven minutes.',
]

export async function rerank() {
  const { assetsPath } = document.documentElement.dataset
  try {
    const reranker = await createReranker({ assetsPath })
    const { results } = await reranker.rerank(query, documents)
    Object.assign(globalThis, { outcome: { info: reranker.info, first: results[0].index } })
  } catch (error) {
    Object.assign(globalThis, { outcome: { error: String(error) } })
  }
}
`
/** For apps that are nothing else. */
export const main = `import { rerank } from './rerank.js'\n\nrerank()\n`

/** A page whose script is at an address. */
const html = (script: string, { attributes = 'type="module"', assetsPath = '' } = {}) =>
  `<!doctype html>
<html lang="en"${assetsPath && ` data-assets-path="${assetsPath}"`}>
  <head><meta charset="utf-8"><title>app</title><link rel="icon" href="icon.svg"><script ${attributes} src="${script}"></script></head>
</html>
`
const ICON = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'

const COPY = ['npx', 'page-rerank', 'copy']
/** The page of a bundler that makes scripts alone. */
const besides = (page: string, output = 'dist') => ({ [`${output}/index.html`]: page, [`${output}/icon.svg`]: ICON })

/** Without a bundler: the shared code, the package by address. */
const unbundled = (address: string, folder = 'site') => ({
  ...besides(html('main.js'), folder),
  [`${folder}/main.js`]: main,
  [`${folder}/rerank.js`]: shared(address),
})

const plain: Omit<App, 'name' | 'mode'> = {
  title: 'no bundler',
  files: unbundled('./page-rerank/dist/index.js'),
  build: [[...COPY, 'site/page-rerank']],
  output: 'site',
  policy: 'strict',
  configured: '`page-rerank copy`, `import` by address',
}

/** For what does not run in the oldest Node that this library runs in. */
const NODE = 'node@22.23.3'

const react = ['react@19.3.1', 'react-dom@19.3.1']
const next: Pick<App, 'packages' | 'files' | 'configured'> = {
  packages: ['next@16.4.6', ...react],
  files: {
    'app/layout.js': `export default ({ children }) => <html lang="en"><body>{children}</body></html>\n`,
    'app/page.js': `'use client'
import { useReranker } from 'page-rerank/react'
import { useEffect } from 'react'
import { rerank } from '../rerank.js'
export default function Page() {
  // On the server, too.
  const { status } = useReranker(null)
  useEffect(() => void rerank(), [])
  return <p>{status}</p>
}
`,
    'app/icon.svg': ICON,
    'next.config.mjs': `export default { output: 'export' }\n`,
  },
  configured: "nothing (`'use client'`)",
}

export const apps: App[] = [
  {
    name: 'vite-dev',
    mode: 'development server',
    packages: ['vite@8.3.8'],
    files: { 'index.html': html('main.js'), 'public/icon.svg': ICON },
    serve: ['npx', 'vite', '--host', '127.0.0.1', '--port', 'PORT', '--strictPort'],
    policy: 'none',
    configured: 'nothing',
  },
  {
    name: 'vite',
    mode: 'build',
    packages: ['vite@8.3.8'],
    files: { 'index.html': html('./main.js'), 'public/icon.svg': ICON },
    build: [['npx', 'vite', 'build']],
    output: 'dist',
    policy: 'strict',
    configured: 'nothing',
  },
  {
    name: 'webpack',
    mode: 'build',
    packages: ['webpack@5.113.0', 'webpack-cli@7.3.1'],
    files: besides(html('main.js', { attributes: 'defer' })),
    build: [['npx', 'webpack', '--mode', 'production', '--entry', './main.js']],
    output: 'dist',
    policy: 'strict',
    configured: 'nothing',
  },
  {
    name: 'rspack',
    mode: 'build',
    packages: ['@rspack/core@2.3.3', '@rspack/cli@2.2.8'],
    files: besides(html('main.js', { attributes: 'defer' })),
    build: [['npx', 'rspack', 'build', '--mode', 'production', '--entry', './main.js']],
    output: 'dist',
    policy: 'strict',
    configured: 'nothing',
  },
  {
    name: 'parcel',
    mode: 'build',
    packages: ['parcel@2.16.4'],
    files: { 'index.html': html('main.js', { assetsPath: '/page-rerank/' }), 'icon.svg': ICON },
    build: [
      ['npx', 'parcel', 'build', 'index.html', '--no-source-maps'],
      [...COPY, 'dist/page-rerank'],
    ],
    output: 'dist',
    // Parcel writes an import map into the page.
    policy: 'inline',
    configured: '`page-rerank copy`, `assetsPath`',
  },
  esbuild('esbuild', 'ESM'),
  esbuild('esbuild-iife', 'IIFE', 'defer'),
  {
    name: 'rollup',
    mode: 'ESM',
    packages: ['rollup@4.68.8', '@rollup/plugin-node-resolve@16.0.3'],
    files: besides(html('main.js', { assetsPath: '/page-rerank/' })),
    build: [
      ['npx', 'rollup', 'main.js', '--format', 'es', '--dir', 'dist', '--plugin', '@rollup/plugin-node-resolve={browser:true}'],
      [...COPY, 'dist/page-rerank'],
    ],
    output: 'dist',
    policy: 'strict',
    configured: '`page-rerank copy`, `assetsPath`',
  },
  {
    name: 'next-dev',
    mode: 'Turbopack, development server',
    ...next,
    serve: ['npx', 'next', 'dev', '--hostname', '127.0.0.1', '--port', 'PORT'],
    policy: 'none',
  },
  { name: 'next', mode: 'Turbopack, export', ...next, build: [['npx', 'next', 'build']], output: 'out', policy: 'inline' },
  {
    name: 'next-webpack',
    mode: 'webpack, export',
    ...next,
    build: [['npx', 'next', 'build', '--webpack']],
    output: 'out',
    policy: 'inline',
  },
  {
    name: 'sveltekit',
    mode: 'static adapter',
    packages: [
      '@sveltejs/kit@3.2.0',
      '@sveltejs/adapter-static@4.0.1',
      '@sveltejs/vite-plugin-svelte@7.3.1',
      'svelte@5.57.3',
      'vite@8.3.8',
      NODE,
    ],
    files: {
      'vite.config.js': `import adapter from '@sveltejs/adapter-static'
import { sveltekit } from '@sveltejs/kit/vite'
export default { plugins: [sveltekit({ adapter: adapter() })] }
`,
      'src/app.html': `<!doctype html>
<html lang="en"><head><link rel="icon" href="/icon.svg">%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>
`,
      'src/routes/+layout.js': 'export const prerender = true\n',
      'src/routes/+page.svelte': `<script>
  import { onMount } from 'svelte'
  import { rerank } from '../../rerank.js'
  onMount(rerank)
</script>
<p>page</p>
`,
      'static/icon.svg': ICON,
      'package.json': '{ "name": "app", "private": true, "type": "module" }\n',
    },
    build: [['npx', 'vite', 'build']],
    output: 'build',
    policy: 'inline',
    configured: 'nothing',
  },
  {
    name: 'nuxt',
    mode: 'generate',
    packages: ['nuxt@4.5.2', NODE],
    files: {
      'app/app.vue': `<script setup>
import { rerank } from '../rerank.js'
onMounted(rerank)
</script>
<template><p>page</p></template>
`,
      // Else it asks the browser to fetch all files beforehand.
      'nuxt.config.js': `export default {
  app: { head: { link: [{ rel: 'icon', href: '/icon.svg' }] } },
  hooks: {
    'build:manifest': (manifest) => {
      for (const file of Object.values(manifest)) file.prefetch = false
    },
  },
}
`,
      'public/icon.svg': ICON,
      'package.json': '{ "name": "app", "private": true, "type": "module" }\n',
    },
    build: [['npx', 'nuxt', 'generate']],
    output: '.output/public',
    policy: 'inline',
    configured: 'no prefetching',
  },
  { name: 'static', mode: 'static folder', ...plain },
  { name: 'static-firefox', mode: 'static folder, in Firefox', ...plain, browser: 'firefox' },
  { name: 'static-webkit', mode: 'static folder, in WebKit', ...plain, browser: 'webkit' },
  {
    name: 'cdn',
    title: 'no bundler',
    mode: '`import` from another origin',
    files: unbundled('CDN/dist/index.js'),
    output: 'site',
    policy: 'cdn',
    cdn: true,
    configured: '`import` by address',
  },
  {
    name: 'esbuild-cdn',
    mode: 'ESM, files from another origin',
    packages: ['esbuild@0.28.2'],
    files: besides(html('main.js', { assetsPath: 'CDN/' })),
    build: [['npx', 'esbuild', 'main.js', '--bundle', '--minify', '--format=esm', '--outfile=dist/main.js']],
    output: 'dist',
    policy: 'cdn',
    cdn: true,
    configured: '`assetsPath`',
  },
  {
    name: 'extension',
    title: 'browser extension',
    mode: "an extension's page, Manifest V3",
    files: {
      ...unbundled('./page-rerank/dist/index.js'),
      'site/manifest.json': JSON.stringify({
        manifest_version: 3,
        name: 'app',
        version: '1',
        content_security_policy: { extension_pages: "script-src 'self' 'wasm-unsafe-eval'; object-src 'self'" },
      }),
    },
    build: [[...COPY, 'site/page-rerank']],
    output: 'site',
    policy: 'manifest',
    browser: 'extension',
    configured: "`page-rerank copy`; `'wasm-unsafe-eval'` in the manifest",
  },
]

/** @param attributes of the page's script element; a module's are the default */
function esbuild(name: string, mode: 'ESM' | 'IIFE', attributes?: string): App {
  return {
    name,
    mode,
    packages: ['esbuild@0.28.2'],
    files: besides(html('main.js', { ...(attributes && { attributes }), assetsPath: '/page-rerank/' })),
    build: [
      ['npx', 'esbuild', 'main.js', '--bundle', '--minify', `--format=${mode.toLowerCase()}`, '--outfile=dist/main.js'],
      [...COPY, 'dist/page-rerank'],
    ],
    output: 'dist',
    policy: 'strict',
    configured: '`page-rerank copy`, `assetsPath`',
  }
}
