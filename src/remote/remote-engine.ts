import type { Engine, RerankRequest, ScoreRequest, Scores } from '../core/engine.js'
import { whenAborted } from '../core/or-aborted.js'
import { sigmoid } from '../core/ordering.js'
import { Pace } from '../core/pace.js'
import { DisposedError, IndexError, InvalidInputError } from '../errors.js'
import type { RerankerInfo } from '../types.js'
import { DIALECTS, type Dialect } from './dialects.js'
import type { ReadRemoteOptions } from './options.js'
import { postJson, publicAddress } from './post-json.js'
import { readScores } from './read-scores.js'
import { Slots } from './slots.js'
import { isCut, isTooManyDocuments, isTooMuch } from './too-much.js'

/** Milliseconds between two reports of a call. */
const REPORT_MS = 10

/** Bytes that an answer may have: for each document a result, and what some servers repeat of it. */
const BYTES_A_RESULT = 1024
const BYTES_A_CHARACTER = 8
const LEAST_BYTES = 65_536

/** Characters of documents from which a connection that was cut may have been so for their size. */
const LARGE = 100_000

/** Documents that are asked about with one query. */
interface Group {
  query: string
  /** Places of the documents in the call. */
  places: readonly number[]
}

interface ScoringOptions extends Pick<ScoreRequest, 'maxLength' | 'batchSize' | 'signal'> {
  texts: readonly string[]
  groups: readonly Group[]
  /** Whether what is known has to be the first documents at any time. */
  inOrder?: boolean
  onScored?: (scores: Scores) => void
}

/** The engine of a server: documents → requests → logits. What its model is, and how it reads texts, is the server's matter. */
export class RemoteEngine implements Engine {
  readonly #options: ReadRemoteOptions
  readonly #dialect: Dialect
  readonly #slots: Slots
  readonly #life = new AbortController()
  /** Most documents in a request, as far as the server has said. */
  #batchSize: number
  /** As the answers name it, where the caller does not. */
  #model: string | undefined

  constructor(options: ReadRemoteOptions) {
    this.#options = options
    this.#dialect = DIALECTS[options.flavour]
    this.#slots = new Slots(options.concurrency)
    this.#batchSize = options.batchSize
    this.#model = options.model
  }

  get info(): RerankerInfo {
    const { url, flavour, tells, firstStageWeight } = this.#options
    return {
      server: { url: publicAddress(url), flavour, tells },
      ...(this.#model !== undefined && { model: this.#model }),
      ...(firstStageWeight !== undefined && { firstStageWeight }),
    }
  }

  async rerank({ query, texts, maxLength, longDocuments, parts, onScored, signal }: RerankRequest): Promise<Scores> {
    if (longDocuments === 'chunk') throw this.#cannot('longDocuments', '"chunk"')
    return this.#score({
      texts,
      groups: [{ query, places: [...texts.keys()] }],
      maxLength,
      inOrder: parts === 'deadline',
      onScored,
      signal,
    })
  }

  async computeScore({
    pairs,
    normalize,
    maxLength,
    queryMaxLength,
    truncation,
    batchSize,
    onProgress,
    signal,
  }: ScoreRequest): Promise<number[]> {
    if (queryMaxLength !== undefined) throw this.#cannot('queryMaxLength', String(queryMaxLength))
    if (truncation !== undefined) throw this.#cannot('truncation', `"${truncation}"`)
    const byQuery = new Map<string, number[]>()
    for (const [place, [query]] of pairs.entries()) {
      const places = byQuery.get(query)
      if (places) places.push(place)
      else byQuery.set(query, [place])
    }
    const { logits } = await this.#score({
      texts: pairs.map(([, document]) => document),
      groups: Array.from(byQuery, ([query, places]) => ({ query, places })),
      maxLength,
      batchSize,
      onScored: onProgress && (({ scored }) => onProgress({ scored, total: pairs.length })),
      signal,
    })
    return Array.from(logits, (logit) => (normalize ? sigmoid(logit) : logit))
  }

  /** A server reads documents when it is asked about them. */
  async prepare(): Promise<void> {}

  async prepareIndex(): Promise<void> {
    throw new IndexError(
      'index-mismatch',
      `An index is for a model that runs here; the server at ${publicAddress(this.#options.url)} reads the documents itself. Leave the index out.`,
    )
  }

  async dispose(): Promise<void> {
    this.#life.abort(new DisposedError())
  }

  #cannot(option: string, value: string): InvalidInputError {
    return new InvalidInputError(
      'invalid-option',
      `${option} ${value} cannot be asked of a server of flavour ${this.#options.flavour}: how texts are read is its own matter. Leave the option out.`,
      { option },
    )
  }

  /** All logits, or the first error; whatever else is under way then is ended. */
  async #score({ texts, groups, maxLength, batchSize, inOrder, onScored, signal }: ScoringOptions): Promise<Scores> {
    if (maxLength !== undefined && !this.#dialect.hasMaxLength) throw this.#cannot('maxLength', String(maxLength))
    const work = new AbortController()
    const stops = [signal, this.#life.signal].map((one) => one && whenAborted(one, () => work.abort(one.reason)))
    const logits = new Float64Array(texts.length).fill(Number.NaN)
    const report = createReport(logits, inOrder, onScored)
    const todo = groups.toReversed()
    let size = Math.min(batchSize ?? this.#batchSize, this.#batchSize)
    /** Documents in a request after a connection was cut: halved once, it was not for their size. */
    let cutTo: number | undefined
    /** Lanes that have not ended. */
    let open = 0

    const next = (): Group | undefined => {
      const group = todo.pop()
      if (!group || group.places.length <= size) return group
      const { query, places } = group
      todo.push({ query, places: places.slice(size) })
      return { query, places: places.slice(0, size) }
    }
    /** @returns whether it was answered; what is too much is to be done in halves */
    const ask = async (batch: Group): Promise<boolean> => {
      const documents = batch.places.map((place) => texts[place] as string)
      const giveBack = await this.#slots.take(work.signal)
      try {
        const scores = await this.#ask(batch.query, documents, maxLength, work.signal)
        for (const [i, place] of batch.places.entries()) logits[place] = scores[i] as number
        report.add(batch.places.length)
        return true
      } catch (error) {
        const half = Math.ceil(batch.places.length / 2)
        if (isCut(error) && documents.length > (cutTo ?? 0) && charactersOf(documents) >= LARGE) cutTo ??= half
        else if (!isTooMuch(error)) throw error
        if (half === batch.places.length) {
          // So it was not their number.
          this.#batchSize = this.#options.batchSize
          throw error
        }
        size = Math.min(size, half)
        // Of too many bytes or tokens these documents may be the reason; of too many documents the server alone is.
        if (isTooManyDocuments(error)) this.#batchSize = Math.min(this.#batchSize, half)
        todo.push(batch)
        return false
      } finally {
        giveBack()
      }
    }
    const fill = (): Promise<unknown> => Promise.all(Array.from({ length: this.#options.concurrency - open }, lane))
    const lane = async (): Promise<void> => {
      open++
      for (let batch = next(); batch; batch = next()) if (!(await ask(batch))) break
      open--
      // What was refused is for as many lanes as there can be: others found nothing to do, and have ended.
      if (todo.length > 0) await fill()
    }
    try {
      await fill()
      return { logits, scored: texts.length }
    } finally {
      report.stop()
      for (const stop of stops) stop?.()
      work.abort()
    }
  }

  async #ask(query: string, documents: readonly string[], maxLength: number | undefined, signal: AbortSignal): Promise<Float64Array> {
    const { model, tells, url } = this.#options
    const body = this.#dialect.body({
      query: wellFormed(query),
      documents: documents.map(wellFormed),
      model,
      maxLength,
      raw: tells === 'logits',
    })
    const characters = query.length + charactersOf(documents)
    const maxBytes = LEAST_BYTES + BYTES_A_RESULT * documents.length + BYTES_A_CHARACTER * characters
    const answer = await postJson(this.#options, body, { maxBytes, signal })
    const scores = readScores(answer, this.#dialect, tells, documents.length, `The server at ${publicAddress(url)}`)
    if ('model' in answer && typeof answer.model === 'string') this.#model ??= answer.model
    return scores
  }
}

/** JSON can hold half a character, and several servers refuse it. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}

const charactersOf = (documents: readonly string[]) => documents.reduce((sum, { length }) => sum + length, 0)

interface Report {
  /** So many documents more have their logit. */
  add(count: number): void
  /** Nothing is told any more. */
  stop(): void
}

/**
 * Tells a copy of what is known, a hundred times a second at the most, and all of it in the end. Requests end in any order: where only the
 * first documents count, those behind a gap wait.
 */
function createReport(logits: Float64Array, inOrder = false, onScored: ((scores: Scores) => void) | undefined): Report {
  const pace = new Pace(REPORT_MS)
  let known = 0
  let first = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const tell = () => {
    clearTimeout(timer)
    timer = undefined
    while (first < logits.length && !Number.isNaN(logits[first])) first++
    const told = logits.slice()
    if (inOrder) told.fill(Number.NaN, first)
    pace.run(() => onScored?.({ logits: told, scored: inOrder ? first : known }))
  }
  return {
    add(count) {
      known += count
      if (!onScored) return
      if (known === logits.length || pace.isDue) tell()
      // Nothing else may come for long.
      else timer ??= setTimeout(tell, REPORT_MS)
    },
    stop: () => clearTimeout(timer),
  }
}
