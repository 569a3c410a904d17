import { type RerankerOptions, useReranker, useSearch } from 'page-rerank/vue'
import { createApp, defineComponent, h, type PropType, ref, type App as VueApp } from 'vue'
import { type App, type Entry, findAll } from './documents.js'

let app_: VueApp | undefined
let setQuery: (query: string) => void = () => undefined

const props = { options: { type: Object as PropType<RerankerOptions>, required: true } } as const

const Box = defineComponent({
  props,
  setup(props) {
    const query = ref('')
    setQuery = (one) => {
      query.value = one
    }
    const { results, stage, pending, error, model } = useSearch<Entry>(query, () => ({
      reranker: { ...props.options },
      firstStage: findAll,
      text: ({ body }) => body,
    }))
    return () => {
      const shown = { status: model.value.status, stage: stage.value, pending: String(pending.value) }
      const ids = results.value.map(({ document }) => document.id)
      return h('output', { 'data-shown': JSON.stringify({ ...shown, error: error.value ? String(error.value) : '', ids }) })
    }
  },
})

const Status = defineComponent({
  props,
  setup(props) {
    const { status, reranker } = useReranker(() => props.options)
    return () => h('p', [status.value, reranker.value ? ` ${reranker.value.info.model}` : ''])
  },
})

export const app: App = {
  mount({ model, n = 0 }) {
    const options = { model, device: 'wasm', dtype: 'fp32', states: { maxBytes: 1e6 + n } } as const
    app_ = createApp(() => [h(Status, { options }), h(Box, { options }), h(Box, { options })])
    app_.mount(document.body.appendChild(document.createElement('main')))
  },
  type: (query) => setQuery(query),
  unmount() {
    app_?.unmount()
    document.querySelector('main')?.remove()
  },
}
