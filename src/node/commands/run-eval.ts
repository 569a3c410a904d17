import { access, constants, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, parse, resolve } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { exists, readCandidates, readCorpus, readQrels, readQueries } from '../../eval/beir.js'
import { bm25 } from '../../eval/bm25.js'
import { type Dataset, evaluate, type QueryReport, type SetReport, summarize, summarizeAll } from '../../eval/evaluate.js'
import { sample } from '../../eval/sample.js'
import { evalTable } from '../../eval/table.js'
import { runLines } from '../../eval/trec.js'
import type { Reranker } from '../../types.js'
import type { Arguments } from './arguments.js'
import type { CommandContext } from './command.js'
import { readModelOptions, withReranker } from './model.js'
import { write, writeLines } from './output.js'
import { duration, Progress } from './progress.js'
import { mismatchNote, readRerankOptions } from './rerank-options.js'

interface EvalOptions extends ReturnType<typeof readRerankOptions> {
  pool: number
  limit?: number
  sample?: number
  seed: number
  candidates?: string
  run?: string
}

/** The `eval` command. */
export async function runEval(args: Arguments, context: CommandContext): Promise<void> {
  const folders = args.positionals
  const options: EvalOptions = {
    pool: args.count('pool') ?? 50,
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

  const { info, reports } = await withReranker(context, model, progress, async (reranker) => ({
    info: structuredClone(reranker.info),
    reports: await evaluateAll(datasets, reranker, options, context.signal, progress),
  }))

  const sets = datasets.map(({ name, documents }, i): SetReport => ({ set: name, ...summarize(documents, reports[i] as QueryReport[]) }))
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
    const all = await readCandidates(path, options.pool, signal)
    const candidates = new Map(queries.flatMap(({ id }) => (all.has(id) ? [[id, all.get(id) as string[]]] : [])))
    if (candidates.size === 0) {
      throw new InvalidInputError('invalid-input', `${path} has candidates for none of the queries of ${folder}.`, { file: path })
    }
    const { texts, size, missing } = await readCorpus(folder, qrels, new Set([...candidates.values()].flat()), signal)
    return { name, documents: size, missing, queries, qrels, texts, candidates }
  }
  const { texts, size, missing } = await readCorpus(folder, qrels, undefined, signal)
  const onProgress = (indexed: number) => progress.update(() => `Indexing ${name}: ${indexed} of ${size}`)
  return {
    name,
    documents: size,
    missing,
    queries,
    qrels,
    texts,
    candidates: await bm25(texts, queries, { pool: options.pool, signal, onProgress }),
  }
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
  { maxLength, longDocuments, onMismatch, firstStageWeight }: EvalOptions,
  signal: AbortSignal,
  progress: Progress,
): Promise<QueryReport[][]> {
  const total = datasets.flatMap(({ candidates }) => [...candidates.values()]).reduce((sum, docs) => sum + docs.length, 0)
  const start = performance.now()
  let pairs = 0
  const reports: QueryReport[][] = []
  for (const dataset of datasets) {
    let done = 0
    const onQuery = (report: QueryReport) => {
      done++
      pairs += report.pairs
      progress.update(() => {
        const elapsed = performance.now() - start
        const left = duration((elapsed / pairs) * (total - pairs))
        return `${dataset.name}: ${done} of ${dataset.queries.length} queries, ${((pairs / elapsed) * 1000).toFixed(0)} pairs/s, ${left} left`
      })
    }
    reports.push(await evaluate(dataset, reranker, { maxLength, longDocuments, onMismatch, firstStageWeight, signal, onQuery }))
  }
  return reports
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
