import { batchEnd } from '../batching.js'
import { Mutex } from '../mutex.js'
import { orAborted } from '../or-aborted.js'
import { type PassageRange, passages } from '../passages.js'
import type { EncodedInput, ReplaceableSession, Session, TokenEmbeddings } from '../session.js'
import type { Tokenizer } from '../tokenizer.js'
import { createTaskYield } from '../yield-to-tasks.js'
import { type AskedQuery, askQuery } from './asked-query.js'
import type { Codes } from './codes.js'
import type { DocumentReading, KeptDocument } from './kept-documents.js'
import { type KeptText, keepText } from './kept-text.js'
import { countedEmbeddings, encodeText, type TextForm } from './text-encoding.js'

/** Texts, or passages of them, tokenized ahead of their reading. */
const TOKENIZED_AHEAD = 32

/** What is made of a query's tokens, and of a document's. */
export interface TextForms {
  query: TextForm
  document: TextForm
}

/** A document as it was read. */
export interface ReadDocument {
  text: string
  /** Left out where two sessions have read its passages: their embeddings are not quite the same. */
  document: KeptDocument | undefined
  session: Session<TokenEmbeddings>
}

/** What the model is given of a text: all of it, or a passage. */
interface TextPart {
  text: string
  input: EncodedInput
  range?: PassageRange
  /** Whether the text ends with it. */
  last: boolean
}

/** Texts become token embeddings, and these codes: the only one that runs the model, one run after the other. */
export class TextReader {
  readonly #tokenizer: Tokenizer
  readonly #session: ReplaceableSession<TokenEmbeddings>
  readonly #forms: TextForms
  readonly #codes: Codes
  readonly #life: AbortSignal
  readonly #onReplaced: () => void
  readonly #mutex = new Mutex()
  #newest: Session<TokenEmbeddings> | undefined

  /** @param parts `onReplaced` is called when another session has run: what earlier ones have read does not go with it */
  constructor(parts: {
    tokenizer: Tokenizer
    session: ReplaceableSession<TokenEmbeddings>
    forms: TextForms
    codes: Codes
    life: AbortSignal
    onReplaced: () => void
  }) {
    this.#tokenizer = parts.tokenizer
    this.#session = parts.session
    this.#forms = parts.forms
    this.#codes = parts.codes
    this.#life = parts.life
    this.#onReplaced = parts.onReplaced
  }

  /** The session of the last run. */
  get newest(): Session<TokenEmbeddings> | undefined {
    return this.#newest
  }

  /** Texts that the model reads in one run at the most. */
  get maxInputs(): number {
    return this.#session.policy.maxInputs
  }

  /** A query as it is compared with documents. `queryMaxLength` in tokens. */
  async ask(
    query: string,
    queryMaxLength: number,
    signal?: AbortSignal,
  ): Promise<{ asked: AskedQuery; session: Session<TokenEmbeddings> }> {
    const input = encodeText(this.#tokenizer.encodeQuery(query, queryMaxLength), this.#forms.query, queryMaxLength)
    const { outputs, session } = await this.#run([input], signal)
    return { asked: askQuery(outputs[0] as TokenEmbeddings, input.inputIds, this.#codes), session }
  }

  /** Documents read one after the other, in order. */
  async *read(texts: readonly string[], reading: DocumentReading, signal?: AbortSignal): AsyncGenerator<ReadDocument> {
    const form = this.#forms.document
    const yieldToTasks = createTaskYield()
    const parts = this.#encode(texts, reading, signal)
    const ahead: TextPart[] = []
    const tokenizeAhead = async () => {
      while (ahead.length < TOKENIZED_AHEAD) {
        const { value, done } = await parts.next()
        if (done) return
        ahead.push(value)
      }
    }
    const start = () => {
      const { policy } = this.#session
      const inputs = ahead.map(({ input }) => input)
      const batch = ahead.splice(0, batchEnd(inputs, 0, policy))
      if (batch.length === 0) return undefined
      const result = this.#run(inputs.slice(0, batch.length), signal)
      // Nobody awaits it where this is left early.
      result.catch(() => undefined)
      return { batch, result, elsewhere: policy.elsewhere }
    }
    let document: { kept: KeptText; range?: PassageRange }[] = []
    const sessions = new Set<Session<TokenEmbeddings>>()
    await tokenizeAhead()
    for (let run = start(); run; ) {
      const { batch, result, elsewhere } = run
      // Where the model runs beside this thread it is never kept waiting: the next texts are ready when it is.
      if (elsewhere) await tokenizeAhead()
      const { outputs, session } = await result
      const next = elsewhere ? start() : undefined
      for (const [i, output] of outputs.entries()) {
        const { text, input, range, last } = batch[i] as TextPart
        const counted = countedEmbeddings(output, input.inputIds, form)
        document.push({ kept: keepText(counted, this.#codes), ...(range && { range }) })
        sessions.add(session)
        await yieldToTasks()
        if (!last) continue
        yield { text, document: sessions.size === 1 ? document : undefined, session }
        document = []
        sessions.clear()
      }
      if (!elsewhere) await tokenizeAhead()
      run = next ?? start()
    }
  }

  /** After the run that is under way. */
  release(): Promise<void> {
    return this.#mutex.run(() => this.#session.release())
  }

  /** What the model is given of each text, in order, made as it is asked for. */
  async *#encode(
    texts: readonly string[],
    { maxLength, inPassages }: DocumentReading,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<TextPart, undefined> {
    const { encodeDocument } = this.#tokenizer
    const form = this.#forms.document
    const room = maxLength - form.before.length - form.after.length
    const yieldToTasks = createTaskYield()
    for (const text of texts) {
      const parts = inPassages ? passages(text, room, encodeDocument) : [{ ids: encodeDocument(text, room), last: true }]
      for (const part of parts) {
        const range = 'start' in part ? { range: { start: part.start, end: part.end } } : undefined
        yield { text, input: encodeText(part.ids, form, maxLength), ...range, last: part.last }
        await yieldToTasks()
        this.#checkAlive(signal)
      }
    }
  }

  async #run(inputs: readonly EncodedInput[], signal: AbortSignal | undefined) {
    const run = this.#mutex.run(async () => {
      this.#checkAlive(signal)
      const result = await this.#session.run(inputs)
      // Here, where runs come one after the other, it is known which session is the newest.
      if (this.#newest !== result.session) this.#onReplaced()
      this.#newest = result.session
      return result
    })
    // A run cannot be stopped, but nobody has to wait for it.
    return orAborted(signal ? orAborted(run, signal) : run, this.#life)
  }

  #checkAlive(signal: AbortSignal | undefined): void {
    this.#life.throwIfAborted()
    signal?.throwIfAborted()
  }
}
