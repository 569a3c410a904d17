import { InvalidInputError } from '../../errors.js'
import type { Mismatch, RerankResult } from '../../types.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { openInput } from './input.js'
import { modelOptions, readModelOptions, withReranker } from './model.js'
import { oneLine, write, writeLines } from './output.js'
import { Progress } from './progress.js'
import { type Document, inputFormats, readDocuments } from './read-documents.js'
import { mismatchNote, readRerankOptions, rerankOptions } from './rerank-options.js'

const usage = '"<query>" [FILE|-] [options]'

export const rerank: Command = {
  name: 'rerank',
  usage,
  summary: 'Reorder documents by how well they answer a query.',
  details:
    'Documents are the lines of FILE or of standard input, or what they hold as JSON: JSON Lines or one array, of objects or\n' +
    'of strings. An input is JSON where its file is named .json, .jsonl or .ndjson, or where it begins like JSON.\n' +
    'Prints rank, score and text (the best passage where documents are read in passages, the sentence with --explain), best first.\n' +
    "With --json each line is an object of rank, index (the document's place in the input, from 0), scored, score, logit and\n" +
    'document, and passage, matches, sentence and mismatch where there are any; a document that was not scored has no score and\n' +
    'no logit.',
  options: {
    'top-n': { value: 'N', help: 'Print only the best N' },
    'min-score': {
      value: 'S',
      help: 'Leave out documents that score under S, from 0 to 1; what a score means differs from model to model',
    },
    field: {
      value: 'PATH',
      help: 'Text of a JSON object: a dotted path, or several with commas (default: title and text, content or body)',
    },
    explain: { help: 'Tell which words answer the query: matches and sentence with --json, else the sentence (late-interaction models)' },
    'input-format': { value: 'HOW', help: 'text or json (default: what the input is named or begins like)' },
    ...rerankOptions,
    ...modelOptions,
    ...commonOptions,
  },
  examples: [
    'rerank "how do I undo the last commit" answers.txt --top-n 3',
    'rerank "how do I undo the last commit" hits.jsonl --field title,body --json',
    'grep -i commit notes.txt | page-rerank rerank "how do I undo the last commit"',
  ],
  run,
}

async function run(args: Arguments, context: CommandContext): Promise<void> {
  const { stdin, stdout, stderr, signal } = context
  const [query, input] = args.positionals
  args.atMost(2, `page-rerank rerank ${usage}`)
  if (query === undefined) throw new InvalidInputError('invalid-input', `There is no query; the usage is: page-rerank rerank ${usage}.`)
  if (query.trim() === '') throw new InvalidInputError('invalid-input', 'The query is empty.')
  const topN = args.count('top-n')
  const minScore = args.number('min-score', { min: 0, max: 1 })
  const field = args.text('field')
  const format = args.oneOf('input-format', inputFormats)
  const options = readRerankOptions(args)
  const model = readModelOptions(args)
  const progress = new Progress(stderr, args.flag('progress'))

  const source = openInput(input, stdin, signal)
  const { documents, texts } = await readDocuments(source, { field, format })
  // Nothing to order: not worth loading a model for.
  if (documents.length === 0) return write(stderr, `page-rerank: There are no documents in ${source.name}.\n`)

  const { results, mismatch } = await withReranker(context, model, progress, (reranker) =>
    reranker.rerank(query, documents, {
      text: (_, index) => texts[index] as string,
      topN,
      minScore,
      explain: args.flag('explain'),
      ...options,
      signal,
      onProgress: progress.onScore,
    }),
  )
  if (mismatch) stderr.write(`page-rerank: ${mismatchNote(mismatch, options.onMismatch)}\n`)
  await writeLines(
    stdout,
    args.flag('json') ? results.map((result) => toJson(result, mismatch)) : toText(results, texts, stdout.isTTY ? stdout.columns : 0),
  )
}

/** Each line stands for itself, so the call's mismatch is on every one. */
function toJson(result: RerankResult<Document>, mismatch?: Mismatch): string {
  const { rank, index, scored, score, logit, document, passage, matches, sentence } = result
  return JSON.stringify({ rank, index, scored, score, logit, document, passage, matches, sentence, mismatch })
}

/** @param width columns of the terminal to cut lines to; 0 where there is none, or it does not say */
function toText(results: readonly RerankResult<Document>[], texts: readonly string[], width = 0): string[] {
  const digits = String(results.length).length
  return results.map(({ rank, index, score, scored, passage, sentence }) => {
    const text = oneLine((sentence ?? passage)?.text ?? (texts[index] as string))
    const line = `${String(rank).padStart(digits)}  ${scored ? score.toFixed(4) : '–'.padEnd(6)}  ${text}`
    // By code points, so that no emoji is cut in two.
    const characters = width === 0 ? [] : [...line]
    return characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`
  })
}
