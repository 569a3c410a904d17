import type { Plugin } from 'vite'
import type { BuiltCorpus } from './corpus/corpora.js'
import { EXAMPLES } from './examples.js'
import { asHtml } from './texts-plugin.js'

const LANGUAGES: Record<BuiltCorpus, string> = { 'web-apis': 'en', 'mini-program-apis': 'zh-CN' }
const PLACE = '<!-- examples -->'

/** Writes the example questions into the page: put there by a script they would push everything below them down. */
export function examplesInPage(): Plugin {
  return {
    name: 'examples-in-page',
    transformIndexHtml: {
      order: 'pre',
      handler(html) {
        if (!html.includes(PLACE)) throw new Error(`The page has no ${PLACE}.`)
        const chips = Object.entries(EXAMPLES).flatMap(([corpus, examples]) =>
          examples.map(({ question, keywordsBetter }) => {
            const note = keywordsBetter ? '<span class="chip-note">%keywordsBetter%</span>' : ''
            const text = `<span lang="${LANGUAGES[corpus as BuiltCorpus]}">${asHtml(question)}</span>`
            return `<li data-of="${corpus}"><button type="button" class="chip" value="${asHtml(question)}">${text}${note}</button></li>`
          }),
        )
        return html.replace(PLACE, () => chips.join(''))
      },
    },
  }
}
