import { readFile } from 'node:fs/promises'
import { copyDocuments, extractTexts } from '../core/documents.js'
import { guarded } from '../core/guarded.js'
import { beginsAsIndex, type IndexedDocument, type IndexFacts, IndexReader, writeIndex } from '../core/late-interaction/index-file.js'
import type { KeptDocument } from '../core/late-interaction/kept-documents.js'
import { LateInteraction } from '../core/late-interaction/late-interaction.js'
import { aFunction, aString, numberFrom, type OptionChecks, oneOf, readOptions } from '../core/options.js'
import { hashOfText } from '../core/text-hash.js'
import { InvalidInputError } from '../errors.js'
import { type Dtype, LONG_DOCUMENTS, type RerankOptions, type ScoreProgress } from '../types.js'
import { openNodeEngine } from './open-node-engine.js'
import { type CreateRerankerOptions, createOptionChecks } from './options.js'
import { checkOutput, replaceFile } from './output-file.js'

/** How an index is built: the model's options, and how documents are read, which has to be as the page reads them. */
export interface BuildIndexOptions<T>
  extends Omit<CreateRerankerOptions, 'states'>,
    Pick<RerankOptions<T>, 'text' | 'maxLength' | 'longDocuments'> {
  /** File to write. Of an index that is there already what has not changed is taken over; any other file is refused. */
  out: string
  /** Called as documents are read. */
  onRead?: (progress: ScoreProgress) => void
}

/** What was built. */
export interface BuiltIndex {
  /** The file. */
  out: string
  /** Its size. */
  bytes: number
  /** Different texts in it. */
  documents: number
  /** Tokens that were read of them, special tokens included. */
  tokens: number
  /** Texts that were read now; the others were in the file before. */
  read: number
  model: string
  revision: string
  dtype: Dtype
}

const { states: _, ...loadingChecks } = createOptionChecks
const checks: OptionChecks<BuildIndexOptions<never>> = {
  ...loadingChecks,
  out: aString,
  text: aFunction,
  maxLength: numberFrom({ min: 1, integer: true }),
  longDocuments: oneOf(LONG_DOCUMENTS),
  onRead: aFunction,
}

/**
 * Read documents at build time, for pages that then rank them before they have read anything: `prepare({ index })`.
 *
 * @example
 * await buildIndex(articles, { out: 'public/docs.index', text: (article) => `${article.title}\n${article.body}` })
 *
 * @throws InvalidInputError where the documents, an option or the file cannot be used, or the model is a cross-encoder;
 *   ModelLoadError; SessionError; AbortError; what `text`, `onRead` or `onProgress` threw
 */
export async function buildIndex<T>(documents: readonly T[], given: BuildIndexOptions<T>): Promise<BuiltIndex> {
  const { out, text, maxLength, longDocuments, onRead, ...options } = readOptions<BuildIndexOptions<T>>('buildIndex', given, checks)
  if (!out) throw new InvalidInputError('invalid-option', 'out is missing; name the file that the index is written to.', { option: 'out' })
  const texts = new Map<bigint, string>()
  for (const one of extractTexts(copyDocuments(documents), text)) texts.set(hashOfText(one), one)
  await checkOutput(out, { option: 'out', name: 'index', isOurs: beginsAsIndex })
  const engine = await openNodeEngine(options)
  try {
    if (!(engine instanceof LateInteraction)) {
      const message = `${engine.info.model} is a cross-encoder: it reads documents anew for each query, so there is nothing to index. Choose a late-interaction model.`
      throw new InvalidInputError('invalid-option', message, { option: 'model' })
    }
    const facts = await engine.indexFacts({ maxLength, longDocuments })
    const known = await readKnown(out, facts)
    const unread = [...texts].filter(([hash]) => !known.has(hash)).map(([, one]) => one)
    const work = new AbortController()
    const abort = () => work.abort(options.signal?.reason)
    options.signal?.addEventListener('abort', abort, { once: true })
    // It may have come while nobody listened.
    if (options.signal?.aborted) abort()
    try {
      await readAll(engine, unread, { maxLength, longDocuments, signal: work.signal, tell: guarded(onRead, work) }, known)
    } finally {
      options.signal?.removeEventListener('abort', abort)
    }
    const indexed = [...texts.keys()].map((hash): IndexedDocument => ({ hash, document: known.get(hash) as KeptDocument }))
    const pieces = writeIndex(facts, indexed)
    await replaceFile(out, pieces, 'out')
    const tokens = indexed.flatMap(({ document }) => document).reduce((sum, { kept }) => sum + kept.tokens, 0)
    const { model, revision, dtype } = engine.info
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
    return { out, bytes, documents: indexed.length, tokens, read: unread.length, model, revision, dtype }
  } finally {
    await engine.dispose()
  }
}

async function readAll(
  engine: LateInteraction,
  texts: readonly string[],
  {
    tell,
    signal,
    ...options
  }: Pick<RerankOptions<unknown>, 'maxLength' | 'longDocuments'> & { signal: AbortSignal; tell?: (progress: ScoreProgress) => void },
  into: Map<bigint, KeptDocument>,
): Promise<void> {
  let scored = 0
  for await (const { text, document } of engine.read({ texts, ...options, signal })) {
    into.set(hashOfText(text), document)
    tell?.({ scored: ++scored, total: texts.length })
    signal.throwIfAborted()
  }
  signal.throwIfAborted()
}

/** What an index that is there already holds, if it was made in the same way. Of another one, or a damaged one, nothing. */
export async function readKnown(path: string, facts: IndexFacts): Promise<Map<bigint, KeptDocument>> {
  const known = new Map<bigint, KeptDocument>()
  const bytes = await readFile(path).catch(() => undefined)
  const reader = new IndexReader({
    name: path,
    maxBytes: Number.POSITIVE_INFINITY,
    accept(before) {
      if (!isSame(before, facts)) throw new Error('made in another way')
    },
    take(documents) {
      for (const { hash, document } of documents) known.set(hash, document)
    },
  })
  try {
    if (bytes) await reader.push(bytes)
    reader.end()
    return known
  } catch {
    return new Map()
  }
}

function isSame(one: IndexFacts, other: IndexFacts): boolean {
  const essence = ({ model: { dtype, files, form }, codes: { dimensions, bits, step }, maxLength, inPassages }: IndexFacts) =>
    JSON.stringify([dtype, Object.entries(files).sort(), form, dimensions, bits, step, maxLength, inPassages])
  return essence(one) === essence(other)
}
