// @ts-check
// A page rendered on a server, with hits that something else has found. It prints the markup, and what of a browser was asked for.
const before = new Set(process.getActiveResourcesInfo())
const [, , framework] = process.argv
const hits = [{ text: 'one' }, { text: 'two' }]
const show = (/** @type {any} */ { results, stage, pending }, /** @type {string} */ status) =>
  `${status} ${stage} ${pending}: ${results.map((/** @type {any} */ { document }) => document.text).join(', ')}`

/** @type {() => string | Promise<string>} */
let render
if (framework === 'react') {
  const { createElement } = await import('react')
  const { renderToString } = await import('react-dom/server')
  const { useReranker, useSearch } = await import('page-rerank/react')
  const Page = () => {
    const { status } = useReranker()
    return createElement('p', null, show(useSearch('query', { hits }), status))
  }
  render = () => renderToString(createElement(Page))
} else {
  const { createSSRApp, h } = await import('vue')
  const { renderToString } = await import('vue/server-renderer')
  const { useReranker, useSearch } = await import('page-rerank/vue')
  const setup = () => {
    const { status } = useReranker()
    const { results, stage, pending } = useSearch('query', { hits })
    return () => h('p', show({ results: results.value, stage: stage.value, pending: pending.value }, status.value))
  }
  render = () => renderToString(createSSRApp({ setup }))
}

/** @type {string[]} */
const touched = []
for (const name of ['window', 'document', 'navigator', 'self', 'location', 'caches', 'indexedDB', 'Worker', 'fetch', 'WebAssembly']) {
  const value = Reflect.get(globalThis, name)
  Object.defineProperty(globalThis, name, {
    get() {
      const caller = new Error().stack?.split('\n')[2] ?? ''
      // What a framework looks for by itself does not count.
      if (!caller.includes('/node_modules/')) touched.push(name)
      return value
    },
  })
}
const html = await render()
await new Promise((resolve) => setTimeout(resolve, 50))
const left = process.getActiveResourcesInfo().filter((one) => !before.has(one) && one !== 'Timeout')
console.log(JSON.stringify({ touched, left, html }))
