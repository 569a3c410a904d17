import { access, constants, stat, writeFile } from 'node:fs/promises'
import { freemem } from 'node:os'
import { basename, dirname, isAbsolute, join, parse, resolve } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { exists, readCandidates, readCorpus, readQrels, readQueries } from '../../eval/beir.js'
import { bm25 } from '../../eval/bm25.js'
import { type Dataset, evaluate, type QueryReport, type SetReport, summarize, summarizeAll } from '../../eval/evaluate.js'
import { DEEP } from '../../eval/ranking.js'
import { sample } from '../../eval/sample.js'
import { evalTable } from '../../eval/table.js'
import { runLines } from '../../eval/trec.js'
import type { Reranker, ScoreProgress } from '../../types.js'
import type { Arguments } from './arguments.js'
import type { CommandContext } from './command.js'
import { readModelOptions, withReranker } from './model.js'
import { write, writeLines } from './output.js'
import { duration, Progress } from './progress.js'
import { mismatchNote, readRerankOptions } from './rerank-options.js'

interface EvalOptions extends ReturnType<typeof readRerankOptions> {
  /** Candidates that are reranked; `all`: every document is ranked, and the first stage has as many as are looked at. */
  pool: number | 'all'
  limit?: number
  sample?: number
  seed: number
  candidates?: string
  run?: string
}

/** Bytes that documents which have been read may take at least, where all of a corpus are. */
const LEAST_STATES_BYTES = 128 * 2 ** 20

/** The `eval` command. */
export async function runEval(args: Arguments, context: CommandContext): Promise<void> {
  const folders = args.positionals
  const options: EvalOptions = {
    pool: args.text('pool') === 'all' ? 'all' : (args.count('pool') ?? 50),
    ...readRerankOptions(args),
    limit: args.count('limit'),
    sample: args.count('sample'),
    seed: args.number('seed', { min: 0, integer: true }) ?? 1,
    candidates: args.text('candidates'),
    run: args.text('run'),
  }
  if (options.limit !== undefined && options.sample !== undefined) {
    throw new InvalidInputError('invalid-option', '--limit and --sample exclude each other; use one.', { option: 'sample' })
  }
  if (args.text('seed') !== undefined && options.sample === undefined) {
    throw new InvalidInputError('invalid-option', '--seed is the seed of --sample; give both.', { option: 'seed' })
  }
  const model = readModelOptions(args)
  const progress = new Progress(context.stderr, args.flag('progress'))
  // Hours of work should not end at a folder that cannot be written to.
  if (options.run !== undefined) await checkWritable(options.run)

  // Everything is read before the model is loaded, so that a mistake in the last folder shows at once.
  const datasets: Dataset[] = []
  for (const [i, name] of setNames(folders).entries()) {
    const dataset = await readDataset(folders[i] as string, name, options, context.signal, progress)
    datasets.push(dataset)
    if (dataset.missing === 0) continue
    progress.clear()
    context.stderr.write(`page-rerank: ${name}: ${dataset.missing} judged documents are not in the corpus; they count as not found.\n`)
  }

  // All documents of a corpus are to be kept, which in a page would be too much to ask for.
  const states = options.pool === 'all' ? { states: { maxBytes: Math.max(LEAST_STATES_BYTES, Math.floor(freemem() / 2)) } } : {}
  const { info, reports, readMs } = await withReranker(context, { ...model, ...states }, progress, async (reranker) => {
    const found = await evaluateAll(datasets, reranker, options, context, progress)
    return { ...found, info: structuredClone(reranker.info) }
  })

  const sets = datasets.map(
    ({ name, documents }, i): SetReport => ({
      set: name,
      ...summarize(documents, reports[i] as QueryReport[]),
      ...(readMs[i] !== undefined && { readMs: readMs[i] }),
    }),
  )
  const mean = summarizeAll(sets, reports)
  for (const [i, { set, queries, mismatched }] of sets.entries()) {
    const mismatch = reports[i]?.find((report) => report.mismatch)?.mismatch
    if (!mismatch) continue
    context.stderr.write(`page-rerank: ${set}, ${mismatched} of ${queries} queries: ${mismatchNote(mismatch, options.onMismatch)}\n`)
  }
  const { firstStageWeight = info.firstStageWeight } = options
  if (args.flag('json')) {
    const firstStage = options.candidates ?? 'bm25'
    const perQuery = (all: readonly QueryReport[]) => all.map(({ ranking, ...numbers }) => numbers)
    const report = {
      info,
      firstStage,
      pool: options.pool,
      maxLength: options.maxLength,
      longDocuments: options.longDocuments,
      onMismatch: options.onMismatch,
      firstStageWeight,
      sets: sets.map((set, i) => ({ ...set, perQuery: perQuery(reports[i] as QueryReport[]) })),
      mean,
    }
    await write(context.stdout, `${JSON.stringify(report, undefined, 2)}\n`)
  } else {
    await writeLines(context.stdout, evalTable(sets, mean, { pool: options.pool, firstStageWeight }))
  }
  // Last: what was measured is shown also where a disk is full.
  if (options.run !== undefined) {
    for (const [i, { name }] of datasets.entries()) {
      await writeFile(runFile(options.run, datasets.length > 1 ? name : undefined), runLines(reports[i] as QueryReport[]))
    }
  }
}

async function readDataset(folder: string, name: string, options: EvalOptions, signal: AbortSignal, progress: Progress): Promise<Dataset> {
  progress.update(() => `Reading ${name}`)
  const qrels = await readQrels(folder, signal)
  const queries = chooseQueries(await readQueries(folder, qrels, signal), options)
  if (options.candidates !== undefined) {
    const path = await candidatesFile(options.candidates, folder)
    const all = await readCandidates(path, depthOf(options), signal)
    const candidates = new Map(queries.flatMap(({ id }) => (all.has(id) ? [[id, all.get(id) as string[]]] : [])))
    if (candidates.size === 0) {
      throw new InvalidInputError('invalid-input', `${path} has candidates for none of the queries of ${folder}.`, { file: path })
    }
    const wanted = new Set([...candidates.values()].flat())
    const { texts, size, missing } = await readCorpus(folder, qrels, wanted, { all: options.pool === 'all', signal })
    return { name, documents: size, missing, queries, qrels, texts, candidates }
  }
  const { texts, size, missing } = await readCorpus(folder, qrels, new Set(), { all: true, signal })
  const onProgress = (indexed: number) => progress.update(() => `Indexing ${name}: ${indexed} of ${size}`)
  return {
    name,
    documents: size,
    missing,
    queries,
    qrels,
    texts,
    candidates: await bm25(texts, queries, { pool: depthOf(options), signal, onProgress }),
  }
}

/** Most candidates that are taken of a first stage. */
function depthOf({ pool }: EvalOptions): number {
  return pool === 'all' ? DEEP : pool
}

function chooseQueries<T>(queries: readonly T[], { limit, sample: count, seed }: EvalOptions): readonly T[] {
  return count !== undefined ? sample(queries, count, seed) : queries.slice(0, limit)
}

async function candidatesFile(path: string, folder: string): Promise<string> {
  return isAbsolute(path) || (await exists(path)) ? path : join(folder, path)
}

async function evaluateAll(
  datasets: readonly Dataset[],
  reranker: Reranker,
  { pool, maxLength, longDocuments, onMismatch, firstStageWeight }: EvalOptions,
  { stderr, signal }: Pick<CommandContext, 'stderr' | 'signal'>,
  progress: Progress,
): Promise<{ reports: QueryReport[][]; readMs: (number | undefined)[] }> {
  const whole = pool === 'all'
  const pairsOf = ({ queries, texts, candidates }: Dataset) =>
    whole ? queries.length * texts.size : [...candidates.values()].reduce((sum, docs) => sum + docs.length, 0)
  const total = datasets.reduce((sum, dataset) => sum + pairsOf(dataset), 0)
  let elapsed = 0
  let pairs = 0
  const reports: QueryReport[][] = []
  const readMs: (number | undefined)[] = []
  for (const dataset of datasets) {
    if (whole) {
      const { ms, read } = await readAhead(dataset, reranker, { maxLength, longDocuments, signal }, progress)
      readMs.push(read === 0 ? undefined : ms)
      if (read < dataset.texts.size) {
        const why =
          read === 0
            ? `${reranker.info.model} is a cross-encoder and reads all ${dataset.texts.size} documents anew for each query`
            : `there is memory for some ${read} of its ${dataset.texts.size} documents; the others are read anew for each query`
        progress.clear()
        stderr.write(
          `page-rerank: ${dataset.name}: ${why} (${pairsOf(dataset)} pairs in all). --pool 50 reranks a first stage's candidates.\n`,
        )
      }
    }
    const start = performance.now()
    let done = 0
    const onQuery = (report: QueryReport) => {
      done++
      pairs += report.pairs
      progress.update(() => {
        const ms = elapsed + performance.now() - start
        const left = duration((ms / pairs) * (total - pairs))
        return `${dataset.name}: ${done} of ${dataset.queries.length} queries, ${((pairs / ms) * 1000).toFixed(0)} pairs/s, ${left} left`
      })
    }
    reports.push(await evaluate(dataset, reranker, { whole, maxLength, longDocuments, onMismatch, firstStageWeight, signal, onQuery }))
    elapsed += performance.now() - start
  }
  return { reports, readMs }
}

/** Have the model read all documents. @returns milliseconds, and how many it keeps: a cross-encoder none */
async function readAhead(
  { name, texts }: Dataset,
  reranker: Reranker,
  options: Pick<EvalOptions, 'maxLength' | 'longDocuments'> & { signal: AbortSignal },
  progress: Progress,
): Promise<{ ms: number; read: number }> {
  const start = performance.now()
  let read = 0
  const onProgress = ({ scored, total }: ScoreProgress) => {
    read = scored
    progress.update(() => `Reading the documents of ${name}: ${scored} of ${total}`)
  }
  await reranker.prepare([...texts.keys()], { text: (id) => texts.get(id) as string, ...options, onProgress })
  return { ms: performance.now() - start, read }
}

async function checkWritable(file: string): Promise<void> {
  const refuse = (reason: string, cause?: unknown) =>
    new InvalidInputError('invalid-option', `Cannot write ${file}: ${reason}.`, { option: 'run', cause })
  const folder = dirname(resolve(file))
  await access(folder, constants.W_OK).catch((cause) => {
    throw refuse(`the folder ${folder} is missing or may not be written to`, cause)
  })
  const existing = await stat(file).catch(() => undefined)
  if (existing?.isDirectory()) throw refuse('it is a folder')
}

/** `all.run` for the set `scifact` is `all-scifact.run`. */
function runFile(file: string, set?: string): string {
  if (set === undefined) return file
  const { dir, name, ext } = parse(file)
  return join(dir, `${name}-${set.replaceAll(/[/\\]/g, '-')}${ext}`)
}

/** What the folders are called: by their last part, or as they were given where two share it. */
function setNames(folders: readonly string[]): string[] {
  const twice = folders.find((folder, i) => folders.findIndex((other) => resolve(other) === resolve(folder)) !== i)
  if (twice !== undefined) throw new InvalidInputError('invalid-input', `The folder ${twice} is named twice.`)
  const names = folders.map((folder) => basename(resolve(folder)))
  return new Set(names).size === names.length ? names : [...folders]
}
