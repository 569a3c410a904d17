/**
 * Which texts of a page are ranked. Node and the page make them with this, of the same fragments, because an index knows a text to the
 * letter.
 */

/** Tokens that are read of a section. Its first ones tell what it is about: reading all made an index three times as large and no better. */
export const SECTION_TOKENS = 96
/** Words that certainly hold them. */
const SECTION_WORDS = 80

/** A heading, as Pagefind's fragments have it. */
export interface Anchor {
  element: string
  id: string
  text?: string
  title?: string
  /** The place of its first word in the page's. */
  location: number
}

/** What Pagefind knows of a page, in a fragment's file or from a result's `data()`. */
export interface Fragment {
  url: string
  content: string
  /** With zero-width spaces between words, where the language has none, and with escaped brackets. Only from `data()`. */
  raw_content?: string
  meta: Record<string, string>
  anchors?: Anchor[]
}

/** What stands under one heading, or before the first. */
export interface Section {
  /** The place of its first word in the page's. */
  at: number
  /** The heading's id; none before the first heading. */
  id?: string
  heading?: string
  /** What is read of it. */
  text: string
}

/** A page that can be ranked. */
export interface PageText {
  /** Of Pagefind's results. */
  id: string
  title: string
  sections: Section[]
}

/** One text of a page. */
export interface Passage {
  page: PageText
  section: Section
  text: string
}

/** A page's sections, cut as Pagefind cuts sub-results. */
export function readPage(id: string, { content, raw_content, meta, anchors = [] }: Fragment): PageText {
  const title = meta.title ?? ''
  const { words, joiner } = splitWords(raw_content?.replaceAll('&lt;', '<').replaceAll('&gt;', '>') ?? content)
  const headings = anchors.filter(isHeading).sort((one, other) => one.location - other.location)
  const starts = [
    { at: 0, heading: title },
    ...headings.map(({ location, id, title, text }) => ({ at: location, id, heading: title || text || '' })),
  ]
  const sections = starts.flatMap((start, i): Section[] => {
    const end = starts[i + 1]?.at ?? words.length
    const own = withoutStart(words.slice(start.at, end), start.heading)
    const text = own.slice(0, SECTION_WORDS).join(joiner).trim()
    if (i > 0) return [{ ...start, text }]
    // A page whose title is its first heading has nothing before.
    return text || starts.length === 1 ? [{ at: 0, text }] : []
  })
  return { id, title, sections }
}

export function passagesOf(page: PageText): Passage[] {
  return page.sections.map((section) => ({ page, section, text: passageText(page, section) })).filter(({ text }) => text !== '')
}

/** The model looks at the first words as at a title. */
function passageText({ title }: PageText, { heading, text }: Section): string {
  return [...new Set([title, heading, text])].filter((line) => line).join('\n')
}

/** Words as Pagefind counts them. */
export function splitWords(text: string): { words: string[]; joiner: '' | ' ' } {
  // Between words of languages that write none of their own.
  return text.includes('\u200B') ? { words: text.split('\u200B'), joiner: '' } : { words: text.split(/[^\S\uFEFF]+/), joiner: ' ' }
}

/** Those that Pagefind makes sub-results of. */
function isHeading({ element, title, text }: Anchor): boolean {
  return Boolean(title?.trim()) || (/h\d/i.test(element) && Boolean(text?.trim()))
}

/** The heading is a line of its own. Pagefind may have put a full stop behind it, and cut it into words. */
function withoutStart(words: string[], heading: string): string[] {
  const whole = heading.replace(SPACE, '')
  let [said, count] = ['', 0]
  while (said.length < whole.length && count < words.length) said += words[count++]?.replace(SPACE, '')
  if (said !== whole && said.replace(STOP, '') !== whole) return words
  while (words[count]?.replace(SPACE, '').replace(STOP, '') === '') count++
  return words.slice(count)
}

const SPACE = /[\s\u200B]+/g
const STOP = /[.:?!]$/
