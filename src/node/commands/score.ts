import { InvalidInputError } from '../../errors.js'
import type { Pair } from '../../types.js'
import { parseJson } from '../lines.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { type Input, openInput } from './input.js'
import { modelOptions, readModelOptions, withReranker } from './model.js'
import { writeLines } from './output.js'
import { Progress } from './progress.js'

const usage = '[FILE|-] [options]'

export const score: Command = {
  name: 'score',
  usage,
  summary: 'Score pairs of query and passage.',
  details:
    'Reads one JSON array ["query", "passage"] a line (blank lines are skipped) and prints one score a line, in the order\n' +
    'of the input. When a line is wrong, nothing is printed. With --json each line is an object of index (from 0) and score.',
  options: {
    normalize: { help: 'Print the sigmoid of the logit, from 0 to 1, instead of the logit' },
    'max-length': { value: 'N', help: 'Tokens of query and passage together (default: 512)' },
    'query-max-length': { value: 'N', help: 'Tokens kept of the query (default: three quarters of --max-length)' },
    truncation: { value: 'HOW', help: 'only_second or longest_first (default: only_second)' },
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
    truncation: args.oneOf('truncation', ['only_second', 'longest_first']),
    batchSize: args.count('batch-size'),
  }
  const model = readModelOptions(args)
  const progress = new Progress(stderr, args.flag('progress'))

  const pairs = await readPairs(openInput(args.positionals[0], stdin, signal))
  if (pairs.length === 0) return

  const scores = await withReranker(context, model, progress, (reranker) =>
    reranker.computeScore(pairs, { ...options, signal, onProgress: progress.onScore }),
  )
  await writeLines(
    stdout,
    scores.map((score, index) => (args.flag('json') ? JSON.stringify({ index, score }) : String(score))),
  )
}

async function readPairs({ name, lines }: Input): Promise<Pair[]> {
  const pairs: Pair[] = []
  for await (const { number, text } of lines) {
    if (text.trim() === '') continue
    const value = parseJson(text)
    if (!isPair(value)) {
      const index = pairs.length
      throw new InvalidInputError('invalid-input', `Line ${number} of ${name} is not a JSON array of two strings, ["query", "passage"].`, {
        index,
      })
    }
    pairs.push(value)
  }
  return pairs
}

function isPair(value: unknown): value is Pair {
  return Array.isArray(value) && value.length === 2 && value.every((part) => typeof part === 'string')
}
