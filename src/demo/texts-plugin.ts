import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import type { Plugin } from 'vite'
import { TEXT_ATTRIBUTES } from './page-texts.js'
import { page as english, type PageText } from './strings/en.js'

const FIRST_PAINT = 'first-paint.js'

/**
 * Writes the page's English texts into index.html, and makes `first-paint.js`, which puts another language's in their place:
 * texts that came with the scripts would flash in English first, and push about what is below them.
 */
export function textsInPage(): Plugin[] {
  const texts: Plugin = {
    name: 'texts-in-page',
    transformIndexHtml: { order: 'pre', handler: withTexts },
  }
  const script: Plugin = {
    name: 'first-paint',
    configureServer(server) {
      server.middlewares.use(`/${FIRST_PAINT}`, (_request, response, next) => {
        firstPaint().then((code) => {
          response.setHeader('Content-Type', 'text/javascript')
          response.end(code)
        }, next)
      })
    },
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: FIRST_PAINT, source: await firstPaint() })
    },
    // Last, so that Vite does not take it for a script that it should bundle.
    transformIndexHtml: {
      order: 'post',
      handler: () => [{ tag: 'script', attrs: { src: `./${FIRST_PAINT}` }, injectTo: 'head-prepend' }],
    },
  }
  return [texts, script]
}

async function firstPaint(): Promise<string> {
  const bundle = await rolldown({ input: fileURLToPath(new URL('first-paint.ts', import.meta.url)) })
  const { output } = await bundle.generate({ format: 'iife', minify: true })
  await bundle.close()
  return output[0].code
}

/**
 * The page with its English texts in the place of their names, and the names in attributes, for another language:
 * `<p>%lead%</p>` becomes `<p data-text="lead">A small …</p>`. Whoever misspells a name hears of it here.
 */
function withTexts(html: string): string {
  const named = (name: string) => {
    if (!(name in english)) throw new Error(`The page names a text that there is not: ${name}.`)
    return asHtml(english[name as PageText])
  }
  const filled = html.replace(/(<[a-z][^>]*)>%(\w+)%</g, (_, tag: string, name: string) => `${tag} data-text="${name}">${named(name)}<`)
  return Object.entries(TEXT_ATTRIBUTES).reduce(
    (page, [source, target]) =>
      page.replace(new RegExp(`\\s${target}="%(\\w+)%"`, 'g'), (_, name: string) => ` ${source}="${name}" ${target}="${named(name)}"`),
    filled,
  )
}

export function asHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
