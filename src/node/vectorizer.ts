import { copyDocuments, extractTexts } from '../core/documents.js'
import type { KeptDocument } from '../core/late-interaction/kept-documents.js'
import { LateInteraction } from '../core/late-interaction/late-interaction.js'
import { documentVectors, EXTRA_DIMENSIONS, queryVectors } from '../core/late-interaction/multi-vectors.js'
import { aBoolean, aFunction, aSignal, aString, checkQuery, numberFrom, type OptionChecks, oneOf, readOptions } from '../core/options.js'
import { hashOfText } from '../core/text-hash.js'
import { InvalidInputError } from '../errors.js'
import { type Dtype, LONG_DOCUMENTS, type RerankOptions } from '../types.js'
import { readKnown } from './build-index.js'
import { openNodeEngine } from './open-node-engine.js'
import { type CreateRerankerOptions, createOptionChecks } from './options.js'

/** How documents become vectors. */
export interface DocumentVectorsOptions<T> extends Pick<RerankOptions<T>, 'text' | 'maxLength' | 'longDocuments'> {
  /** A built index (`buildIndex`): what it holds is not read again. */
  index?: string
  /**
   * A text of more than 48 tokens becomes a point for each window of 48 tokens in it, and its score is the largest of theirs. `false`:
   * one point, that counts words near each other as if they were.
   * @default true
   */
  everyWindow?: boolean
  signal?: AbortSignal
}

/** What an engine keeps as one point. A document's score is that of its best point. */
export interface DocumentPoint {
  /** The document's place in the list. */
  document: number
  /** Which of the document's points it is, from 0. */
  part: number
  /** Where documents are read in passages: which one this is, in UTF-16 code units. */
  passage?: { start: number; end: number }
  /** The first is the mean of the text; then one for each token. */
  vectors: number[][]
}

/** How a query becomes vectors. */
export interface QueryVectorsOptions {
  /** Tokens that are read of the query. @default the model's */
  queryMaxLength?: number
  signal?: AbortSignal
}

/**
 * Documents and queries as several vectors each, for an engine that ranks by MaxSim with the dot product: the score is then the
 * model's logit, but for the rounding of float32.
 */
export interface Vectorizer {
  /** What has to be the same for documents and queries, and the numbers of each vector. */
  readonly info: { model: string; revision: string; dtype: Dtype; dimensions: number }
  /**
   * Points of documents, in order, as they are read.
   *
   * @throws InvalidInputError, and what `text` threw, at once; while they are read SessionError; AbortError; DisposedError
   */
  documents<T>(documents: readonly T[], options?: DocumentVectorsOptions<T>): AsyncGenerator<DocumentPoint>
  /** @throws InvalidInputError; SessionError; AbortError; DisposedError */
  query(query: string, options?: QueryVectorsOptions): Promise<number[][]>
  dispose(): Promise<void>
}

/** Options of `createVectorizer`: the model's. */
export type CreateVectorizerOptions = Omit<CreateRerankerOptions, 'states'>

const { states: _, ...createChecks } = createOptionChecks
const documentChecks: OptionChecks<DocumentVectorsOptions<never>> = {
  text: aFunction,
  maxLength: numberFrom({ min: 1, integer: true }),
  longDocuments: oneOf(LONG_DOCUMENTS),
  index: aString,
  everyWindow: aBoolean,
  signal: aSignal,
}
const queryChecks: OptionChecks<QueryVectorsOptions> = { queryMaxLength: numberFrom({ min: 1, integer: true }), signal: aSignal }

/**
 * Load a late-interaction model to make multi-vectors with.
 *
 * @example
 * const vectorizer = await createVectorizer()
 * for await (const { document, part, vectors } of vectorizer.documents(articles, { text: ({ body }) => body })) …
 * const query = await vectorizer.query('how do I undo the last commit')
 *
 * @throws InvalidInputError where an option cannot be used or the model is a cross-encoder; ModelLoadError; SessionError; AbortError
 */
export async function createVectorizer(given: CreateVectorizerOptions = {}): Promise<Vectorizer> {
  const engine = await openNodeEngine(readOptions('createVectorizer', given, createChecks))
  if (engine instanceof LateInteraction) return new LateVectorizer(engine)
  await engine.dispose()
  const message = `${engine.info.model} is a cross-encoder: it reads a query and a document together, so neither has vectors of its own. Choose a late-interaction model.`
  throw new InvalidInputError('invalid-option', message, { option: 'model' })
}

class LateVectorizer implements Vectorizer {
  readonly #engine: LateInteraction
  readonly info: Vectorizer['info']

  constructor(engine: LateInteraction) {
    this.#engine = engine
    const { model, revision, dtype } = engine.info
    this.info = { model, revision, dtype, dimensions: engine.model.codes.dimensions + EXTRA_DIMENSIONS }
  }

  documents<T>(documents: readonly T[], given: DocumentVectorsOptions<T> = {}): AsyncGenerator<DocumentPoint> {
    const { text, ...options } = readOptions<DocumentVectorsOptions<T>>('documents', given, documentChecks)
    // Now, and not when the first point is asked for: the caller may go on to change what was passed.
    return this.#read(extractTexts(copyDocuments(documents), text), options)
  }

  async *#read(
    texts: readonly string[],
    { index, everyWindow = true, signal, ...reading }: Omit<DocumentVectorsOptions<never>, 'text'>,
  ): AsyncGenerator<DocumentPoint> {
    const known = index === undefined ? undefined : await this.#readIndex(index, reading)
    const unread = [...new Set(known ? texts.filter((one) => !known.has(hashOfText(one))) : texts)]
    const read = this.#engine.read({ texts: unread, ...reading, signal })
    // Of texts that come more than once only.
    const again = new Map<string, KeptDocument>()
    const seen = new Set<string>()
    const repeated = new Set(texts.filter((one) => seen.has(one) || !seen.add(one)))
    try {
      for (const [document, one] of texts.entries()) {
        signal?.throwIfAborted()
        let parts = known?.get(hashOfText(one)) ?? again.get(one)
        if (!parts) {
          const { value, done } = await read.next()
          if (done) signal?.throwIfAborted()
          parts = (value as { document: KeptDocument }).document
          if (repeated.has(one)) again.set(one, parts)
        }
        yield* this.#points(document, parts, everyWindow)
      }
    } finally {
      await read.return(undefined)
    }
  }

  async query(query: string, given: QueryVectorsOptions = {}): Promise<number[][]> {
    checkQuery(query)
    const { codes, terms } = this.#engine.model
    return queryVectors(await this.#engine.ask(query, readOptions('query', given, queryChecks)), codes, terms)
  }

  dispose(): Promise<void> {
    return this.#engine.dispose()
  }

  *#points(document: number, parts: KeptDocument, everyWindow: boolean): Generator<DocumentPoint> {
    const { codes, terms } = this.#engine.model
    let part = 0
    for (const { kept, range } of parts) {
      for (const vectors of documentVectors(kept, codes, everyWindow && (terms.weights.window ?? 0) !== 0)) {
        yield { document, part: part++, ...(range && { passage: { start: range.start, end: range.end } }), vectors }
      }
    }
  }

  async #readIndex(index: string, reading: Pick<RerankOptions<unknown>, 'maxLength' | 'longDocuments'>) {
    const known = await readKnown(index, await this.#engine.indexFacts(reading))
    if (known.size > 0) return known
    const message = `${index} is no index that this model, dtype, maxLength and longDocuments would make. Build it again with "page-rerank index", or leave it out.`
    throw new InvalidInputError('invalid-option', message, { option: 'index' })
  }
}
