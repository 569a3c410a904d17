import { type RerankerOptions, type SearchState, useReranker, useSearch } from 'page-rerank/react'
import { createElement as h, StrictMode, useState } from 'react'
import { flushSync } from 'react-dom'
import { createRoot, type Root } from 'react-dom/client'
import { type App, type Entry, findAll } from './documents.js'

let root: Root | undefined
let setQuery: (query: string) => void = () => undefined

/** Options and functions that are new ones at each rendering, as people write them. */
function Box({ options }: { options: RerankerOptions }) {
  const [query, set] = useState('')
  setQuery = set
  const state = useSearch(query, { reranker: { ...options }, firstStage: findAll, text: ({ body }: Entry) => body })
  return h(Results, { state })
}

function Results({ state: { results, stage, pending, error, model } }: { state: SearchState<Entry> }) {
  const shown = { status: model.status, stage, pending: String(pending), error: error ? String(error) : '' }
  return h('output', { 'data-shown': JSON.stringify({ ...shown, ids: results.map(({ document }) => document.id) }) })
}

function Status({ options }: { options: RerankerOptions }) {
  const { status, reranker } = useReranker({ ...options })
  return h('p', null, status, reranker ? ` ${reranker.info.model}` : '')
}

export const app: App = {
  mount({ model, n = 0 }) {
    const options = { model, device: 'wasm', dtype: 'fp32', states: { maxBytes: 1e6 + n } } as const
    root = createRoot(document.body.appendChild(document.createElement('main')))
    const tree = h(StrictMode, null, h(Status, { options }), h(Box, { options }), h(Box, { options }))
    flushSync(() => root?.render(tree))
  },
  type: (query) => setQuery(query),
  unmount() {
    root?.unmount()
    document.querySelector('main')?.remove()
  },
}
