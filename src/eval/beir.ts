import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { InvalidInputError } from '../errors.js'
import { fileLines, isObject, type Line, parseJson } from '../node/lines.js'

/**
 * A test collection as BEIR lays it out. Files are read as streams, and only what an evaluation needs is kept: the
 * judged queries, and the documents that are candidates where those are known beforehand.
 */

export interface Query {
  id: string
  text: string
}

export interface Corpus {
  /** Document texts by id: title, line end, text; the text alone where there is no title. */
  texts: Map<string, string>
  /** Documents in the file, kept or not. */
  size: number
  /** Judged documents that are not among them, and so cannot be found. */
  missing: number
}

/** Query id to document id to grade. */
export type Qrels = Map<string, Map<string, number>>

/**
 * `qrels.tsv`, else `qrels/test.tsv`: query id, document id and grade between tabs, with a header line or without.
 */
export async function readQrels(folder: string, signal?: AbortSignal): Promise<Qrels> {
  const path = (await exists(join(folder, 'qrels.tsv'))) ? join(folder, 'qrels.tsv') : join(folder, 'qrels', 'test.tsv')
  if (!(await exists(path))) {
    throw new InvalidInputError('invalid-input', `${folder} has no qrels.tsv or qrels/test.tsv.`, { file: folder })
  }
  const qrels: Qrels = new Map()
  for await (const line of fileLines(path, signal)) {
    if (line.text.trim() === '') continue
    const [query, document, grade, ...more] = line.text.split('\t')
    const number = Number(grade)
    if (query === undefined || document === undefined || more.length > 0 || grade?.trim() === '' || !Number.isFinite(number)) {
      if (line.number === 1) continue
      throw badLine(path, line, 'is not query id, document id and grade, separated by tabs')
    }
    const judgements = qrels.get(query) ?? new Map<string, number>()
    const earlier = judgements.get(document)
    if (earlier !== undefined && earlier !== number) {
      throw badLine(path, line, `gives ${document} the grade ${number} for ${query}, which has been ${earlier}`)
    }
    qrels.set(query, judgements.set(document, number))
  }
  if (qrels.size === 0) throw new InvalidInputError('invalid-input', `${path} judges no query.`, { file: path })
  return qrels
}

/**
 * The judged queries, in the file's order.
 *
 * @throws InvalidInputError where a judged query is missing or has no text
 */
export async function readQueries(folder: string, qrels: Qrels, signal?: AbortSignal): Promise<Query[]> {
  const path = join(folder, 'queries.jsonl')
  const queries = new Map<string, Query>()
  for await (const line of fileLines(path, signal)) {
    if (line.text.trim() === '') continue
    const { id, record } = readRecord(path, line)
    if (!qrels.has(id)) continue
    if (queries.has(id)) throw badLine(path, line, `holds the query ${id} a second time`)
    if (typeof record.text !== 'string' || record.text.trim() === '') throw badLine(path, line, `holds the query ${id} without a text`)
    queries.set(id, { id, text: record.text })
  }
  for (const id of qrels.keys()) {
    if (!queries.has(id)) throw new InvalidInputError('invalid-input', `The judged query ${id} is not in ${path}.`, { file: path })
  }
  return [...queries.values()]
}

/**
 * The documents.
 *
 * @param wanted ids to keep; with `all` the others too
 * @throws InvalidInputError where a wanted document is missing or is there twice, or none of the judged ones is there
 */
export async function readCorpus(
  folder: string,
  qrels: Qrels,
  wanted: ReadonlySet<string>,
  { all, signal }: { all: boolean; signal?: AbortSignal },
): Promise<Corpus> {
  const path = join(folder, 'corpus.jsonl')
  const texts = new Map<string, string>()
  const judged = new Set([...qrels.values()].flatMap((judgements) => [...judgements.keys()]))
  const awaited = new Set(judged)
  let size = 0
  for await (const line of fileLines(path, signal)) {
    if (line.text.trim() === '') continue
    const { id, record } = readRecord(path, line)
    size++
    awaited.delete(id)
    if (!all && !wanted.has(id)) continue
    if (texts.has(id)) throw badLine(path, line, `holds the document ${id} a second time`)
    const { title, text } = record
    if (typeof text !== 'string') throw badLine(path, line, `holds the document ${id} without a text`)
    texts.set(id, typeof title === 'string' && title !== '' ? `${title}\n${text}` : text)
  }
  if (size === 0) throw new InvalidInputError('invalid-input', `${path} holds no document.`, { file: path })
  for (const id of wanted) {
    if (!texts.has(id)) throw new InvalidInputError('invalid-input', `The candidate ${id} is not in ${path}.`, { file: path })
  }
  // Ids of two kinds would give zeros in every column, with nothing to show why.
  if (awaited.size === judged.size) {
    throw new InvalidInputError('invalid-input', `None of the documents that are judged is in ${path}.`, { file: path })
  }
  return { texts, size, missing: awaited.size }
}

/** A given first stage: `{"qid": …, "docs": [ids, best first]}` a line, cut to the pool. */
export async function readCandidates(path: string, pool: number, signal?: AbortSignal): Promise<Map<string, string[]>> {
  const candidates = new Map<string, string[]>()
  for await (const line of fileLines(path, signal)) {
    if (line.text.trim() === '') continue
    const value = parseJson(line.text)
    const qid = isObject(value) ? idOf(value.qid) : undefined
    const docs = isObject(value) && Array.isArray(value.docs) ? value.docs.map(idOf) : undefined
    if (qid === undefined || !docs || docs.includes(undefined)) throw badLine(path, line, 'is not {"qid": …, "docs": [document ids]}')
    if (candidates.has(qid)) throw badLine(path, line, `holds the candidates of ${qid} a second time`)
    // A document that is named twice would count twice.
    candidates.set(qid, [...new Set(docs as string[])].slice(0, pool))
  }
  return candidates
}

function readRecord(path: string, line: Line): { id: string; record: Record<string, unknown> } {
  const record = parseJson(line.text)
  const id = isObject(record) ? idOf(record._id) : undefined
  if (!isObject(record) || id === undefined) throw badLine(path, line, 'is not a JSON object with an _id')
  return { id, record }
}

/** Ids are strings; some collections write them as numbers. */
function idOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
}

function badLine(path: string, { number }: Line, problem: string): InvalidInputError {
  return new InvalidInputError('invalid-input', `Line ${number} of ${path} ${problem}.`, { file: path })
}

/** True where there is a file or folder of that name. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
