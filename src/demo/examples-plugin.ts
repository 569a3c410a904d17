import type { Plugin } from 'vite'
import { EXAMPLES } from './examples.js'

const PLACE = '<!-- examples -->'

/** Writes the example questions into the page: put there by a script they would push everything below them down. */
export function examplesInPage(): Plugin {
  return {
    name: 'examples-in-page',
    transformIndexHtml: {
      order: 'pre',
      handler(html) {
        if (!html.includes(PLACE)) throw new Error(`The page has no ${PLACE}.`)
        const chips = EXAMPLES.map(({ question, note }) => {
          const aside = note ? `<span class="chip-note">${asHtml(note)}</span>` : ''
          return `<li><button type="button" class="chip" value="${asHtml(question)}">${asHtml(question)}${aside}</button></li>`
        })
        return html.replace(PLACE, () => chips.join(''))
      },
    },
  }
}

function asHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
