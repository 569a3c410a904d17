import { randomUUID } from 'node:crypto'
import { describe } from '../core/options.js'
import type { RerankResult } from '../types.js'
import { RequestError } from './request-error.js'

/** What a request asks of the reranker, whichever shape it has. */
export interface AskedOrder {
  shape: 'tei' | 'cohere'
  query: string
  texts: readonly string[]
  /** How many results; all where it is not said. */
  topN?: number
  /** The body of the answer in the request's shape. Every result is scored. */
  answer(results: readonly RerankResult<string>[], model: string): object
}

type Fields = Readonly<Record<string, unknown>>

/**
 * Read the body of a request. text-embeddings-inference's has `texts` (router/src/http/types.rs, `RerankRequest`), that of Cohere, Jina and
 * those who follow them `documents`. Fields that are not named here are passed over, `null` is the same as nothing.
 *
 * @param maxDocuments most texts or documents that are taken
 * @throws RequestError 400 where there is nothing to rank, as text-embeddings-inference; 422 that names the field
 */
export function readRequest(body: unknown, maxDocuments: number): AskedOrder {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalid(`The body is ${describe(body)}; it must be an object with a query and either texts or documents.`)
  }
  const fields: Fields = body as Fields
  const isTei = isGiven(fields.texts)
  if (isTei === isGiven(fields.documents)) {
    throw invalid(`The body has ${isTei ? 'both texts and documents' : 'neither texts nor documents'}; it must have one of the two.`)
  }
  const query = readString('query', fields.query)
  if (query.trim() === '') throw invalid('query is empty; it must have a word.')
  return isTei ? readTei(query, fields, maxDocuments) : readCohere(query, fields, maxDocuments)
}

function readTei(query: string, fields: Fields, maxDocuments: number): AskedOrder {
  const texts = readList('texts', fields.texts, maxDocuments, readString)
  const rawScores = readRawScores(fields)
  const returnText = readBoolean('return_text', fields.return_text)
  // A text that is too long is cut in any case, and at its end.
  readBoolean('truncate', fields.truncate)
  const direction = fields.truncation_direction
  if (isGiven(direction) && String(direction).toLowerCase() !== 'right') {
    throw invalid(`truncation_direction is ${typeof direction === 'string' ? direction : describe(direction)}; it must be right.`)
  }
  return {
    shape: 'tei',
    query,
    texts,
    answer: (results) =>
      results.map(({ index, score, logit, document }) => ({
        index,
        score: rawScores ? logit : score,
        ...(returnText && { text: document }),
      })),
  }
}

function readCohere(query: string, fields: Fields, maxDocuments: number): AskedOrder {
  const texts = readList('documents', fields.documents, maxDocuments, readDocument)
  const rawScores = readRawScores(fields)
  const returnDocuments = readBoolean('return_documents', fields.return_documents)
  const topN = readCount('top_n', fields.top_n)
  if (isGiven(fields.model)) readString('model', fields.model)
  return {
    shape: 'cohere',
    query,
    texts,
    ...(topN !== undefined && { topN }),
    answer: (results, model) => ({
      id: randomUUID(),
      object: 'list',
      model,
      results: results.map(({ index, score, logit, document }) => ({
        index,
        relevance_score: rawScores ? logit : score,
        ...(returnDocuments && { document: { text: document } }),
      })),
      // Some clients take both for granted. Tokens are not counted.
      usage: {},
      meta: {},
    }),
  }
}

const isGiven = (value: unknown) => value !== undefined && value !== null

function readString(field: string, value: unknown): string {
  if (typeof value === 'string') return value
  throw invalid(`${field} is ${isGiven(value) ? describe(value) : 'missing'}; it must be a string.`)
}

function readBoolean(field: string, value: unknown): boolean {
  if (!isGiven(value)) return false
  if (typeof value === 'boolean') return value
  throw invalid(`${field} is ${describe(value)}; it must be true or false.`)
}

/** `use_activation: false` is what vLLM calls it. */
function readRawScores(fields: Fields): boolean {
  const isActivated = !isGiven(fields.use_activation) || readBoolean('use_activation', fields.use_activation)
  return readBoolean('raw_scores', fields.raw_scores) || !isActivated
}

function readCount(field: string, value: unknown): number | undefined {
  if (!isGiven(value)) return undefined
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1) return value
  throw invalid(`${field} is ${typeof value === 'number' ? value : describe(value)}; it must be a whole number, 1 or more.`)
}

function readDocument(field: string, value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'object' && value !== null && 'text' in value) return readString(`${field}.text`, value.text)
  throw invalid(`${field} is ${describe(value)}; it must be a string, or an object with a text.`)
}

function readList(field: string, value: unknown, most: number, readOne: (field: string, value: unknown) => string): string[] {
  if (!Array.isArray(value)) throw invalid(`${field} is ${describe(value)}; it must be an array.`)
  if (value.length === 0) throw new RequestError(400, 'Empty', `${field} is empty; there is nothing to rank.`)
  if (value.length > most) throw invalid(`${field} has ${value.length} entries; this server takes ${most} at the most (--max-documents).`)
  return value.map((one, i) => readOne(`${field}[${i}]`, one))
}

function invalid(sentence: string): RequestError {
  return new RequestError(422, 'Validation', sentence)
}
