import type { Entry } from './document-entry.js'
import { create } from './dom.js'
import { tokens } from './first-stage.js'

/** A range of what the model reads of an entry (`Entry.read`). */
interface Range {
  start: number
  end: number
}

/** A word to be marked. */
export interface Mark extends Range {
  /** How strongly it answers the query, in (0, 1]; undefined for a word that is merely the same. */
  strength?: number
  /** Said when it is pointed at. */
  hint?: string
}

/** Too common to be worth a mark, though BM25 counts them. */
const UNMARKED = new Set(
  'a an and are as at be by can do does for from how i if in is it its my of on or that the there they this to was what when where which who why will with you your'.split(
    ' ',
  ),
)

/** Characters of a text that are shown at the most, and how far into it the sentence that counts may begin before the start is left out. */
const SHOWN = 400
const LEAD = 160

/** The words that a keyword search found an entry by. */
export function keywordMarks({ read }: Entry, terms: readonly string[]): Mark[] {
  const wanted = new Set(terms.filter((term) => !UNMARKED.has(term)))
  const marks: Mark[] = []
  let done = 0
  for (const { word, start } of wanted.size > 0 ? tokens(read) : []) {
    // A name is a token, and so are the words in it: the first of them that is wanted.
    if (start < done || !wanted.has(word.toLowerCase())) continue
    done = start + word.length
    marks.push({ start, end: done })
  }
  return marks
}

/** An entry's title with its marks; long names may break after a dot, where a reader would break them. */
export function markedTitle({ title, read }: Entry, marks: readonly Mark[]): (Node | string)[] {
  return pieces(read, { start: 0, end: title.length }, marks).flatMap<Node | string>((part) =>
    typeof part === 'string' ? part.split(/(?<=\.)/).flatMap((piece) => (piece.endsWith('.') ? [piece, create('wbr')] : [piece])) : [part],
  )
}

/**
 * An entry's text with its marks, as much of it as is shown.
 *
 * @param sentence what carries most; it is set off, and where it comes late the text begins with it
 */
export function markedExcerpt({ title, text, read }: Entry, marks: readonly Mark[], sentence?: Range): (Node | string)[] {
  if (!text) return []
  const begin = title.length + 1
  const isLate = sentence !== undefined && sentence.start - begin > LEAD
  const start = isLate ? sentence.start : begin
  const end = Math.min(read.length, start + SHOWN)
  const parts: (Node | string)[] = isLate ? ['… '] : []
  const from = sentence && Math.max(start, sentence.start)
  const to = sentence && Math.min(end, sentence.end)
  if (from !== undefined && to !== undefined && from < to) {
    parts.push(...pieces(read, { start, end: from }, marks))
    parts.push(create('span', 'sentence', ...pieces(read, { start: from, end: to }, marks)))
    parts.push(...pieces(read, { start: to, end }, marks))
  } else parts.push(...pieces(read, { start, end }, marks))
  if (end < read.length) parts.push(' …')
  return parts
}

/** A range of the text, with `<mark>` around what is marked in it. */
function pieces(read: string, { start, end }: Range, marks: readonly Mark[]): (Node | string)[] {
  const parts: (Node | string)[] = []
  let done = start
  for (const mark of marks) {
    const from = Math.max(done, mark.start)
    const to = Math.min(end, mark.end)
    if (from >= to) continue
    if (from > done) parts.push(read.slice(done, from))
    parts.push(markElement(read.slice(from, to), mark))
    done = to
  }
  if (done < end) parts.push(read.slice(done, end))
  return parts
}

function markElement(word: string, { strength, hint }: Mark): HTMLElement {
  const element = create('mark', strength === undefined ? '' : 'answer', word)
  if (strength !== undefined) element.style.setProperty('--strength', strength.toFixed(2))
  if (hint) element.title = hint
  return element
}
