// @ts-check
// What a server does that renders a page: it imports the package and calls nothing.
/** @type {string[]} */
const touched = []
for (const name of ['window', 'document', 'navigator', 'self', 'location', 'caches', 'indexedDB', 'Worker', 'fetch', 'WebAssembly']) {
  const value = Reflect.get(globalThis, name)
  Object.defineProperty(globalThis, name, {
    get() {
      touched.push(name)
      return value
    },
  })
}
const before = process.getActiveResourcesInfo()
const names = Object.keys(await import('page-rerank'))
// The import's own file reads are over by the next turn.
await new Promise((resolve) => setImmediate(resolve))
const after = process.getActiveResourcesInfo()
console.log(JSON.stringify({ names, touched, before, after }))
