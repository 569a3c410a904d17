import { fileURLToPath } from 'node:url'
import { defineConfig, type Plugin } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'
import { builtCorpora } from './src/demo/corpus/vite-plugin.js'
import { examplesInPage } from './src/demo/examples-plugin.js'
import { modelSizes } from './src/demo/models-plugin.js'
import { textsInPage } from './src/demo/texts-plugin.js'

/** Threads need a cross-origin isolated page. A host that cannot send these works too, with one thread. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
}

/** The hub is reached only when a hub model is chosen; everything else is this origin. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "manifest-src 'self'",
  "connect-src 'self' https://huggingface.co https://*.hf.co",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** In the page for hosts without headers. The dev server needs inline styles, so it goes without. */
function policyInPage(): Plugin {
  return {
    name: 'policy-in-page',
    apply: 'build',
    transformIndexHtml: () => [
      { tag: 'meta', attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy }, injectTo: 'head-prepend' },
    ],
  }
}

export default defineConfig({
  // Relative addresses: the built demo runs from any folder of any static host.
  base: './',
  // The demo is a user of the package: it gets the built library, as anybody would.
  resolve: {
    alias: {
      'page-rerank-tiny-en': fileURLToPath(new URL('./models/page-rerank-tiny-en/index.js', import.meta.url)),
      'page-rerank-small-zh': fileURLToPath(new URL('./models/page-rerank-small-zh/index.js', import.meta.url)),
      'page-rerank': fileURLToPath(new URL('./dist/index.js', import.meta.url)),
    },
  },
  build: { outDir: 'demo-dist', target: 'es2023', chunkSizeWarningLimit: 1000 },
  worker: { format: 'es' },
  server: { headers: isolation },
  // Workers take their policy from their own response, so the headers carry it as well as the page.
  preview: { headers: { ...isolation, 'Content-Security-Policy': contentSecurityPolicy } },
  plugins: [
    builtCorpora(),
    modelSizes(),
    examplesInPage(),
    textsInPage(),
    policyInPage(),
    VitePWA({
      registerType: 'autoUpdate',
      // src/demo/offline.ts registers it: an inline script would break the policy above.
      injectRegister: null,
      manifest: {
        name: 'page-rerank demo',
        short_name: 'page-rerank',
        description: 'Search results reordered in the page by a small language model in a Web Worker.',
        start_url: './',
        display: 'standalone',
        background_color: '#f7f5f0',
        theme_color: '#f7f5f0',
        icons: [
          { src: 'icon.svg', sizes: 'any', type: 'image/svg+xml' },
          { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: 'icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any maskable' },
        ],
      },
      workbox: {
        globPatterns: ['**/*.{html,css,js,mjs,svg,png,webmanifest}', 'assets/web-apis-*.json'],
        globIgnores: ['request-counter.js', 'assets/pdf*'],
        maximumFileSizeToCacheInBytes: 8 * 1024 * 1024,
        // Hashed names need no cache-busting query: the copy the page has just loaded serves.
        dontCacheBustURLsMatching: /assets\//,
        clientsClaim: true,
        skipWaiting: true,
        importScripts: ['request-counter.js'],
        runtimeCaching: [
          {
            // A corpus that not every reader opens.
            urlPattern: ({ url, sameOrigin }) => sameOrigin && /\/mini-program-apis-\w+\.json$/.test(url.pathname),
            handler: 'CacheFirst',
            options: { cacheName: 'page-rerank-corpora', expiration: { maxEntries: 2 } },
          },
          {
            // pdf.js, for who opens a PDF.
            urlPattern: ({ url, sameOrigin }) => sameOrigin && /\/assets\/pdf[^/]*\.js$/.test(url.pathname),
            handler: 'CacheFirst',
            options: { cacheName: 'page-rerank-pdf', expiration: { maxEntries: 4 } },
          },
          {
            // What pdf.js asks for where a PDF brings no fonts: a few of 180.
            urlPattern: ({ url, sameOrigin }) => sameOrigin && /\/assets\/[^/]*\.(bcmap|pfb|ttf)$/.test(url.pathname),
            handler: 'CacheFirst',
            options: { cacheName: 'page-rerank-pdf-fonts', expiration: { maxEntries: 40 } },
          },
          {
            // 4 to 14 MB each, and a device needs one of them: kept when it is first used.
            urlPattern: ({ url, sameOrigin }) => sameOrigin && /\.wasm(\.gz)?$/.test(url.pathname),
            handler: 'CacheFirst',
            options: { cacheName: 'page-rerank-wasm', expiration: { maxEntries: 4 } },
          },
        ],
      },
    }),
  ],
})
