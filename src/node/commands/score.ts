import { InvalidInputError } from '../../errors.js'
import { type Pair, TRUNCATIONS } from '../../types.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions, either } from './command.js'
import { filledLines, type Input, openInput } from './input.js'
import { jsonValues } from './json-values.js'
import { modelOptions, readModelOptions, withReranker } from './model.js'
import { write, writeLines } from './output.js'
import { Progress } from './progress.js'

const usage = '[FILE|-] [options]'

export const score: Command = {
  name: 'score',
  usage,
  summary: 'Score pairs of query and passage.',
  details:
    'Reads one JSON array ["query", "passage"] a line (blank lines are skipped), or one array of such arrays, and prints one\n' +
    'score a line, in the order of the input. When one is wrong, nothing is printed. With --json each line is an object of index (from 0) and score.',
  options: {
    normalize: { help: 'Print the sigmoid of the logit, from 0 to 1, instead of the logit' },
    'max-length': { value: 'N', help: 'Tokens of query and passage together (default: what the model was trained for, at most 512)' },
    'query-max-length': { value: 'N', help: 'Tokens kept of the query (default: three quarters of --max-length)' },
    truncation: { value: 'HOW', help: `${either(TRUNCATIONS)} (default: only_second)` },
    'batch-size': { value: 'N', help: 'Most pairs in one run of the model; scores do not depend on it' },
    ...modelOptions,
    ...commonOptions,
  },
  examples: ['score pairs.jsonl --normalize', `echo '["what is a panda?", "The panda is a bear."]' | page-rerank score --json`],
  run,
}

async function run(args: Arguments, context: CommandContext): Promise<void> {
  const { stdin, stdout, stderr, signal } = context
  args.atMost(1, `page-rerank score ${usage}`)
  const options = {
    normalize: args.flag('normalize'),
    maxLength: args.count('max-length'),
    queryMaxLength: args.count('query-max-length'),
    truncation: args.oneOf('truncation', TRUNCATIONS),
    batchSize: args.count('batch-size'),
  }
  const model = readModelOptions(args)
  const progress = new Progress(stderr, args.flag('progress'))

  const source = openInput(args.positionals[0], stdin, signal)
  const pairs = await readPairs(source)
  if (pairs.length === 0) return write(stderr, `page-rerank: There are no pairs in ${source.name}.\n`)

  const scores = await withReranker(context, model, progress, (reranker) =>
    reranker.computeScore(pairs, { ...options, signal, onProgress: progress.onScore }),
  )
  await writeLines(
    stdout,
    scores.map((score, index) => (args.flag('json') ? JSON.stringify({ index, score }) : String(score))),
  )
}

async function readPairs(input: Input): Promise<Pair[]> {
  const lines = await filledLines(input)
  if (lines.length === 0) return []
  // A list of pairs is an array of arrays; a pair that is not right is one of anything else.
  const isOnePair = (array: unknown[]) => !array.every(Array.isArray)
  return jsonValues(input.name, lines, isOnePair, 'it must be two strings, ["query", "passage"]').map(({ value, where }, index) => {
    if (isPair(value)) return value
    throw new InvalidInputError('invalid-input', `${where} is not two strings, ["query", "passage"].`, { index })
  })
}

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
}
