import { stat } from 'node:fs/promises'
import { InvalidInputError } from '../../errors.js'
import { LONG_DOCUMENTS } from '../../types.js'
import { checkOutput, isSameFile, type OutputKind, replaceFile } from '../output-file.js'
import type { DocumentPoint, Vectorizer } from '../vectorizer.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions, either } from './command.js'
import { openInput } from './input.js'
import { modelOptions, readModelOptions } from './model.js'
import { write, writeLines } from './output.js'
import { Progress } from './progress.js'
import { inputFormats, readDocuments } from './read-documents.js'

const usage = 'FILE|DIR|- --out FILE [options], or --query TEXT'

export const vectors: Command = {
  name: 'vectors',
  usage,
  summary: 'Write documents as multi-vectors, for an engine that ranks by MaxSim.',
  details:
    'Writes a line of JSON a point: "document" (its place in the input, from 0), "part" (a long document has several points, and the\n' +
    'score of its best one), "passage" where documents are read in passages, and "vectors". With the dot product an engine whose\n' +
    'score is the sum, over the vectors of the query, of the largest with a vector of the point comes to the logit of rerank. Documents\n' +
    'are read as index reads them. --query prints the vectors of a query instead: {"vectors": […]}.',
  options: {
    out: { value: 'FILE', help: 'JSON Lines to write' },
    query: { value: 'TEXT', help: "Print this query's vectors and read no documents" },
    index: { value: 'FILE', help: 'A built index of these documents: what it holds is not read again' },
    'one-window': { help: 'One point for a text of any length: smaller, and its order is not quite that of rerank' },
    field: {
      value: 'PATH',
      help: 'Text of a JSON object: a dotted path, or several with commas (default: title and text, content or body)',
    },
    'input-format': { value: 'HOW', help: 'text or json (default: what the input is named or begins like)' },
    'max-length': { value: 'N', help: "Tokens that are read of a text or passage (default: the model's)" },
    'query-max-length': { value: 'N', help: "Tokens that are read of the query (default: the model's)" },
    'long-documents': { value: 'HOW', help: `${either(LONG_DOCUMENTS)} (default: truncate)` },
    ...modelOptions,
    ...commonOptions,
  },
  examples: [
    'vectors articles.jsonl --field title,body --out articles.vectors.jsonl',
    'vectors docs/ --long-documents chunk --index public/docs.index --out docs.vectors.jsonl',
    'vectors --query "how do I undo the last commit"',
  ],
  run,
}

async function run(args: Arguments, context: CommandContext): Promise<void> {
  args.atMost(1, `page-rerank vectors ${usage}`)
  const query = args.text('query')
  const out = args.text('out')
  const [input] = args.positionals
  if (query !== undefined && (input !== undefined || out !== undefined)) {
    const message = '--query reads no documents and prints what it makes; leave out the input and --out.'
    throw new InvalidInputError('invalid-option', message, { option: 'query' })
  }
  const progress = new Progress(context.stderr, args.flag('progress'))
  if (query !== undefined) {
    const queryMaxLength = args.count('query-max-length')
    return withVectorizer(args, context, progress, async (vectorizer) => {
      const vectors = await vectorizer.query(query, { ...(queryMaxLength && { queryMaxLength }), signal: context.signal })
      await writeLines(context.stdout, [JSON.stringify({ vectors })])
    })
  }
  if (out === undefined) {
    throw new InvalidInputError('invalid-option', `--out is missing; the usage is: page-rerank vectors ${usage}.`, { option: 'out' })
  }
  await writeVectors(args, context, progress, out)
}

async function writeVectors(args: Arguments, context: CommandContext, progress: Progress, out: string): Promise<void> {
  const { stdin, stdout, signal } = context
  const [input] = args.positionals
  const index = args.text('index')
  for (const [name, other] of [
    ['The input', input === undefined || input === '-' ? '/dev/stdin' : input],
    ['--index', index],
  ] as const) {
    if (other === undefined || !(await isSameFile(other, out))) continue
    throw new InvalidInputError('invalid-option', `--out and ${name} are one file, ${out}. Name another file.`, { option: 'out' })
  }
  await checkOutput(out, OUTPUT)
  const reading = { maxLength: args.count('max-length'), longDocuments: args.oneOf('long-documents', LONG_DOCUMENTS), index }
  const given = Object.fromEntries(Object.entries(reading).filter(([, value]) => value !== undefined))
  const format = { field: args.text('field'), format: args.oneOf('input-format', inputFormats) }
  const isFolder = input !== undefined && input !== '-' && (await stat(input).catch(() => undefined))?.isDirectory()
  const { texts } = isFolder
    ? await (await import('./read-folder.js')).readFolder(input, { ...format, outputs: [out], signal })
    : await readDocuments(openInput(input, stdin, signal), format)
  if (texts.length === 0) throw new InvalidInputError('invalid-input', `There are no documents in ${input ?? 'standard input'}.`)
  await withVectorizer(args, context, progress, async (vectorizer) => {
    const points = vectorizer.documents(texts, { ...given, everyWindow: !args.flag('one-window'), signal })
    const written = { out, documents: texts.length, points: 0, vectors: 0, ...vectorizer.info }
    const lines = async function* () {
      for await (const point of points) {
        written.points++
        written.vectors += point.vectors.length
        if (point.part === 0) progress.onRead({ scored: point.document + 1, total: texts.length })
        yield `${JSON.stringify(point satisfies DocumentPoint)}\n`
      }
    }
    await replaceFile(out, lines(), OUTPUT.option)
    progress.clear()
    if (args.flag('json')) return writeLines(stdout, [JSON.stringify(written, undefined, 2)])
    const { documents, vectors, dimensions, model, revision, dtype } = written
    const counts = `${documents} documents in ${written.points} points, ${vectors} vectors of ${dimensions} dimensions`
    await write(stdout, `${out}: ${counts}. For queries by ${model}, revision ${revision}, ${dtype}.\n`)
  })
}

const OUTPUT: OutputKind = {
  option: 'out',
  name: 'file of vectors',
  isOurs: (start) => new TextDecoder().decode(start).startsWith('{"document":'),
}

async function withVectorizer(
  args: Arguments,
  { createVectorizer, signal }: CommandContext,
  progress: Progress,
  use: (vectorizer: Vectorizer) => Promise<void>,
): Promise<void> {
  const options = Object.fromEntries(Object.entries(readModelOptions(args)).filter(([, value]) => value !== undefined))
  const vectorizer = await createVectorizer({ ...options, signal, onProgress: progress.onLoad })
  try {
    await use(vectorizer)
  } finally {
    progress.clear()
    await vectorizer.dispose()
  }
}
