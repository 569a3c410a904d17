import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { describe, expect, test } from 'vitest'

/** The entries for frameworks, as they are built: what an import costs a page, and what it does on a server. */
const root = fileURLToPath(new URL('../..', import.meta.url))

/** Most bytes, gzip and minified, of what is loaded at once. */
const ENTRIES = {
  react: 6400,
  vue: 6700,
  component: 13_700,
  algolia: 4500,
  cascade: 5000,
  remote: 11_000,
  'ai-sdk': 2400,
  langchain: 2100,
  'tanstack-ai': 2100,
  mastra: 2400,
}

/** Those that load the library themselves. The others are given rerankers. */
const LOADING = ['react', 'vue', 'component']

/** What a bundler makes of a page that imports an entry: scripts that load at once, and those that are for later. */
async function bundled(entry: string) {
  const build = await rolldown({
    input: 'page',
    platform: 'browser',
    logLevel: 'silent',
    external: ['react', 'vue'],
    plugins: [
      {
        name: 'page',
        resolveId: (id) => (id === 'page' ? id : undefined),
        load: (id) => (id === 'page' ? `export * from '${root}dist/${entry}.js'` : undefined),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', minify: true })
  const chunks = output.filter((one) => one.type === 'chunk')
  const atOnce = new Set(chunks.filter(({ isEntry }) => isEntry))
  // A set also walks what is added on the way.
  for (const { imports } of atOnce) for (const one of chunks) if (imports.includes(one.fileName)) atOnce.add(one)
  return { atOnce: [...atOnce], later: chunks.filter((one) => !atOnce.has(one)) }
}

describe.each(Object.entries(ENTRIES))('page-rerank/%s', (entry, bytes) => {
  test('loads little at once, and the library when it is asked for', async () => {
    const { atOnce, later } = await bundled(entry)
    const code = atOnce.map(({ code }) => code).join('\n')
    const size = gzipSync(code, { level: 9 }).length
    expect(size).toBeLessThan(bytes)
    // Nothing of the other entries, of the worker's start, or of a model's place.
    const others = Object.keys(ENTRIES).filter((one) => one !== entry)
    for (const other of others) expect(code).not.toMatch(new RegExp(`from\\s*["'\`]${other}["'\`]`))
    for (const word of ['worker.js', 'new Worker', 'huggingface.co', 'page-rerank-small-en']) expect(code).not.toContain(word)
    expect(later.some(({ code }) => code.includes('worker.js'))).toBe(LOADING.includes(entry))
  })
})

test.each(['react', 'vue'])(
  'on a server: page-rerank/%s, imported and rendered, touches nothing of the browser and starts nothing',
  (entry) => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [`${root}test/ui/render-on-server.js`, entry], {
      encoding: 'utf8',
      timeout: 30_000,
    })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    const { touched, left, html } = JSON.parse(stdout)
    expect(touched).toEqual([])
    expect(left).toEqual([])
    expect(html.replaceAll('<!-- -->', '')).toContain('idle first-stage true: one, two')
  },
)
