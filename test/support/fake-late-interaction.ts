import { DocumentReranker } from '../../src/core/document-reranker.js'
import type { Codes } from '../../src/core/late-interaction/codes.js'
import type { IndexSource } from '../../src/core/late-interaction/index-loading.js'
import { LateInteraction } from '../../src/core/late-interaction/late-interaction.js'
import type { DocumentStore } from '../../src/core/late-interaction/stored-documents.js'
import { sumUp } from '../../src/core/late-interaction/sums.js'
import type { EncodedInput, ReplaceableSession, Session, TokenEmbeddings } from '../../src/core/session.js'
import type { Tokenizer } from '../../src/core/tokenizer.js'
import type { LocalRerankerInfo } from '../../src/types.js'

/** A token a word; the word's number is its id. */
const encode = (text: string) => text.split(' ').map(Number)
export const tokenizer: Tokenizer = {
  encodeQuery: encode,
  encodeDocument: encode,
  template: { pieces: [], specialTokens: 0 },
  textTemplate: { before: [1], after: [2] },
  padTokenId: 0,
  unknownTokenId: undefined,
  tokenId: () => undefined,
  maskTokenId: undefined,
}

const DIMENSIONS = 32

/** A number from -0.5 to 0.5 that looks random. */
function noise(seed: number): number {
  const mixed = Math.imul(Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) ^ (seed << 7), 0x297a2d39)
  return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32 - 0.5
}

/** The same vector for a token everywhere: a word's similarity to itself is 1. */
function embed({ inputIds }: EncodedInput, shift = 0): TokenEmbeddings {
  const data = Float32Array.from({ length: inputIds.length * DIMENSIONS }, (_, i) => {
    const id = inputIds[Math.floor(i / DIMENSIONS)] as number
    return noise(id * 1009 + (i % DIMENSIONS) * 7919 + 1) + shift * noise(id)
  })
  return { tokens: inputIds.length, data }
}

export const codes: Codes = {
  dimensions: DIMENSIONS,
  bits: 2,
  step: 0.9957,
  scales: [0.7979, 0.4978],
  // The template's tokens do not count.
  rarity: Uint8Array.from({ length: 400 }, (_, id) => (id < 3 ? 0 : 128)),
}

export interface FakeSession extends ReplaceableSession<TokenEmbeddings> {
  /** Texts read, by their ids. */
  read: string[]
  /** Runs asked for. */
  runs: number
  /** From now on another session runs, with embeddings of its own. */
  replace(): void
  /** Replaces itself when so many texts have been read. */
  replaceAt?: number
}

export function fakeSession({ maxInputs = 4, ms = 0, elsewhere = false } = {}): FakeSession {
  let shift = 0
  const policy = { maxInputs, maxTokens: 1000, padding: 'longest' as const, elsewhere }
  const make = (by: number): Session<TokenEmbeddings> => ({
    policy,
    run: async (inputs) => inputs.map((input) => embed(input, by)),
    release: async () => undefined,
  })
  let session = make(shift)
  return {
    policy,
    read: [],
    runs: 0,
    replace() {
      shift += 0.3
      session = make(shift)
    },
    async run(inputs) {
      this.runs++
      const by = session
      await new Promise((resolve) => setTimeout(resolve, ms))
      for (const { inputIds } of inputs) this.read.push([...inputIds.slice(1, -1)].join(' '))
      if (this.read.length === this.replaceAt) this.replace()
      return { outputs: Array.from(await by.run(inputs)), session: by }
    },
    release: async () => undefined,
  }
}

/** Where there are no indexes. */
const noIndexes: IndexSource = {
  read: async () => undefined,
  evict: async () => undefined,
  describeModel: async () => ({ id: 'fake', revision: '1', dtype: 'q8', files: {}, form: '' }),
  findMismatch: async () => undefined,
}

export interface FakeOptions {
  maxBytes?: number
  shortlist?: number
  /** Ids that stand behind each text. */
  after?: number[]
  indexes?: Partial<IndexSource>
  documentStore?: DocumentStore
}

export function lateInteraction(session: ReplaceableSession<TokenEmbeddings>, options: FakeOptions = {}) {
  const { after = [2] } = options
  const engine = new LateInteraction({
    tokenizer,
    session,
    model: {
      codes,
      forms: { query: { before: [1], after }, document: { before: [1], after } },
      terms: { weights: { cos: 1, best: 4, window: 1, title: 0.5 }, scale: 1, shift: 0 },
      limits: { maxLength: 32, maxPositions: 32, queryMaxLength: 16, languages: [] },
      shortlist: options.shortlist ?? 1000,
    },
    sumUp,
    indexes: { ...noIndexes, ...options.indexes },
    documentStore: options.documentStore,
    maxBytes: options.maxBytes,
    info: () => ({ firstStageWeight: 0, kind: 'late-interaction' }) as LocalRerankerInfo,
    life: new AbortController(),
  })
  return { engine, reranker: new DocumentReranker(engine) }
}
