import type { LiveSearchOptions, SearchState } from 'page-rerank/react'
import { useSearch } from 'page-rerank/react'
import { createElement as h, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

interface Hit {
  id: number
  title: string
  body: string
}

/** Ways in which components write the hits that something else has found: each rendering has a list of its own. */
const HITS: Record<string, (data: readonly Hit[] | undefined) => readonly Hit[]> = {
  map: (data = []) => data.map((hit) => ({ ...hit })),
  spread: (data = []) => [...data],
  'or none': (data) => data ?? [],
}

/** What the component does otherwise. */
const MORE: Record<string, { query?: string | undefined; options?: Partial<LiveSearchOptions<Hit>> }> = {
  'a query': {},
  'an empty query': { query: '' },
  'no query yet': { query: undefined },
  'no model': { options: { reranker: null } },
  'texts that cannot be read': {
    options: {
      text: () => {
        throw new Error('no text')
      },
    },
  },
}

/** From the last to the first. */
const reranker = {
  info: { kind: 'late-interaction' },
  async rerank(_: string, documents: readonly Hit[], { text }: { text: (hit: Hit, index: number) => string }) {
    const results = documents.map((document, index) => ({ document, index, rank: 1, scored: true, text: text(document, index) }))
    return { results: results.reverse() }
  },
} as never

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Until nothing happens any more, however slow the machine is; of what never ends, two seconds. */
async function settled(signs: () => unknown) {
  let last: string | undefined
  for (let tries = 0, same = 0; tries < 100 && same < 3; tries++) {
    await pause(20)
    const now = JSON.stringify(signs())
    same = now === last ? same + 1 : 0
    last = now
  }
}

/** A component that makes its hits itself, shown for a moment; then its hits have other titles. */
export async function show(hits: string, more: string, hasData: boolean, isStrict: boolean) {
  const { query, options } = { query: 'q', options: {}, ...MORE[more] }
  let data: Hit[] | undefined = hasData ? [1, 2].map((id) => ({ id, title: 'old', body: `text ${id}` })) : undefined
  let renderings = 0
  let state: SearchState<Hit> | undefined
  const Box = () => {
    renderings++
    state = useSearch(query, { reranker, text: ({ body }) => body, ...options, hits: (HITS[hits] as (typeof HITS)[''])(data) })
    return h('p', null, state.results.map(({ document: { id, title } }) => `${id} ${title}`).join())
  }
  const errors: string[] = []
  const place = document.body.appendChild(document.createElement('main'))
  const root = createRoot(place, { onUncaughtError: (error) => errors.push(String(error)) })
  // New each time, so that it is rendered again.
  const render = () => root.render(isStrict ? h(StrictMode, null, h(Box)) : h(Box))
  render()
  const signs = () => [renderings, place.textContent, state?.pending]
  await settled(signs)
  const before = place.textContent
  data = data?.map((hit) => ({ ...hit, title: 'new' }))
  render()
  await settled(signs)
  const shown = {
    before,
    after: place.textContent,
    renderings,
    errors,
    pending: state?.pending,
    error: state?.error && String(state.error),
  }
  root.unmount()
  place.remove()
  return shown
}
