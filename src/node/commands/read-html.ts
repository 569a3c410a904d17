import { Tokenizer, TokenizerMode } from 'parse5'

/** Elements that begin and end lines. */
const BLOCKS = new Set(
  (
    'address article aside blockquote body br dd details div dl dt fieldset figcaption figure form h1 h2 h3 h4 h5 h6 header hr li main ol ' +
    'p pre section summary table tbody td th thead tr ul'
  ).split(' '),
)
/** Elements without a page's own words. */
const SILENT = new Set('footer head iframe nav noembed noframes noscript script style svg template'.split(' '))
/** Of these the first that a page has holds its words. */
const MAIN = ['main', 'article', 'body'] as const

/** What a tag makes of the characters behind it. */
const MODES: Record<string, Tokenizer['state']> = {
  iframe: TokenizerMode.RAWTEXT,
  noembed: TokenizerMode.RAWTEXT,
  noframes: TokenizerMode.RAWTEXT,
  script: TokenizerMode.SCRIPT_DATA,
  style: TokenizerMode.RAWTEXT,
  textarea: TokenizerMode.RCDATA,
  title: TokenizerMode.RCDATA,
  xmp: TokenizerMode.RAWTEXT,
}

/**
 * What an HTML page says: of its `main` or `article` where it has one. In one go over its tags, however they are nested, and without a
 * tree of them.
 */
export function readHtml(content: string): { title?: string; lines: string[] } {
  const said: string[] = []
  const silent = new OpenElements()
  const main = MAIN.map((name) => ({ name, start: -1, end: -1 }))
  let title: string[] | undefined
  let isTitle = false

  const forget = (from: number) => {
    said.length = from
    for (const part of main) {
      if (part.start >= from) part.start = -1
      part.end = Math.min(part.end, from)
    }
  }
  const say = (chars: string) => {
    if (isTitle) title?.push(chars)
    else said.push(chars.replace(/\s+/g, ' '))
  }
  const tokenizer = new Tokenizer(
    {},
    {
      onStartTag({ tagName, selfClosing }) {
        const isForeign = silent.has('svg')
        if (tagName === 'title') {
          isTitle = !isForeign && title === undefined
          if (isTitle) title = []
        }
        if (SILENT.has(tagName) && !(selfClosing && (isForeign || tagName === 'svg'))) silent.open(tagName, said.length)
        // In there, names mean something else.
        const mode = isForeign ? undefined : MODES[tagName]
        if (mode !== undefined) tokenizer.state = mode
        for (const part of main) if (part.name === tagName && part.start < 0) part.start = said.length
        if (BLOCKS.has(tagName)) said.push('\n')
      },
      onEndTag({ tagName }) {
        if (tagName === 'title') isTitle = false
        for (const part of main) if (part.name === tagName) part.end = said.length
        const from = silent.close(tagName)
        if (from !== undefined) {
          forget(from)
          said.push(' ')
        }
        if (BLOCKS.has(tagName)) said.push('\n')
      },
      onCharacter: ({ chars }) => say(chars),
      onWhitespaceCharacter: ({ chars }) => say(chars),
      onNullCharacter() {},
      onComment() {},
      onDoctype() {},
      onEof() {},
    },
  )
  tokenizer.write(content, true)

  const { start, end } = main.find((part) => part.start >= 0) ?? { start: 0, end: -1 }
  const words = (text: string) => text.replace(/\s+/g, ' ').trim()
  const lines = said
    .slice(start, end > start ? end : undefined)
    .join('')
    .split('\n')
    .map(words)
  return { title: words((title ?? []).join('')) || undefined, lines: lines.filter((line) => line !== '') }
}

/** Elements that may be open, and where they began: one that is never closed takes nothing with it. */
class OpenElements {
  readonly #open: { name: string; from: number }[] = []
  readonly #counts = new Map<string, number>()

  has(name: string): boolean {
    return (this.#counts.get(name) ?? 0) > 0
  }

  open(name: string, from: number): void {
    this.#open.push({ name, from })
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1)
  }

  /** With all that are in it. @returns where it began; undefined where there is none */
  close(name: string): number | undefined {
    while (this.has(name)) {
      const last = this.#open.pop() as { name: string; from: number }
      this.#counts.set(last.name, (this.#counts.get(last.name) as number) - 1)
      if (last.name === name) return last.from
    }
    return undefined
  }
}
