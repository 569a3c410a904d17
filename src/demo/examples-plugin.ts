import type { Plugin } from 'vite'
import { EXAMPLES } from './examples.js'
import { asHtml } from './texts-plugin.js'

const PLACE = '<!-- examples -->'

/** Writes the example questions into the page: put there by a script they would push everything below them down. */
export function examplesInPage(): Plugin {
  return {
    name: 'examples-in-page',
    transformIndexHtml: {
      order: 'pre',
      handler(html) {
        if (!html.includes(PLACE)) throw new Error(`The page has no ${PLACE}.`)
        const chips = EXAMPLES.map(({ question, keywordsBetter }) => {
          const note = keywordsBetter ? '<span class="chip-note">%keywordsBetter%</span>' : ''
          return `<li><button type="button" class="chip" value="${asHtml(question)}"><span lang="en">${asHtml(question)}</span>${note}</button></li>`
        })
        return html.replace(PLACE, () => chips.join(''))
      },
    },
  }
}
