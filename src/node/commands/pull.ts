import { basename, relative, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { formatBytes } from '../../model/format-bytes.js'
import { DTYPES } from '../../types.js'
import type { PulledModel } from '../pull-model.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions, either } from './command.js'
import { modelOptions } from './model.js'
import { writeLines } from './output.js'
import { Progress } from './progress.js'

const usage = 'MODEL [options]'

export const pull: Command = {
  name: 'pull',
  usage,
  summary: 'Download a model to serve it yourself.',
  details:
    'Writes the files of a hub model (owner/name) in the hub’s layout, verified, and prints what to put into createReranker.\n' +
    'What is there already is kept; run it again after an interruption and it goes on where it stopped.\n' +
    'HF_ENDPOINT names a mirror, HF_TOKEN opens gated models.',
  options: {
    out: { value: 'DIR', help: 'Folder to write to (default: models/ and the model’s name)' },
    dtype: { value: 'D', help: `${either(DTYPES)} (default: q8, or what the model has)` },
    'model-file': modelOptions['model-file'],
    revision: modelOptions.revision,
    host: modelOptions.host,
    ...commonOptions,
  },
  examples: ['pull BAAI/bge-reranker-base --out public/models/bge-reranker-base', 'pull owner/name --dtype fp16 --revision v1.0'],
  run,
}

async function run(args: Arguments, { stdout, stderr, signal }: CommandContext): Promise<void> {
  args.atMost(1, `page-rerank pull ${usage}`)
  const [model] = args.positionals
  if (!model) throw new InvalidInputError('invalid-input', `Which model? The usage is: page-rerank pull ${usage}.`)
  const progress = new Progress(stderr, args.flag('progress'))
  const options = {
    dtype: args.oneOf('dtype', DTYPES),
    modelFile: args.text('model-file'),
    out: args.text('out'),
    revision: args.text('revision'),
    host: args.text('host'),
    onProgress: progress.onLoad,
    signal,
  }
  const { pullModel } = await import('../pull-model.js')
  const pulled = await pullModel(model, options).finally(() => progress.clear())
  await writeLines(stdout, args.flag('json') ? [JSON.stringify(pulled, undefined, 2)] : describe(pulled))
}

function describe({ model, revision, dtype, folder, files }: PulledModel): string[] {
  const bytes = files.reduce((sum, one) => sum + one.bytes, 0)
  const inside = relative('', folder).split(sep).join('/')
  const outside = inside.startsWith('..')
  // What a build copies to the site's root; of a folder elsewhere only its name is known to stay.
  const served = outside ? basename(folder) : inside.replace(/^(public|static|dist|www)\//, '')
  return [
    `${model}, revision ${revision}, ${dtype}: ${files.length} files, ${formatBytes(bytes)} in ${outside ? folder : inside}`,
    'Serve the folder beside your page:',
    `  createReranker({ model: '/${served}/', dtype: '${dtype}' })`,
    'In Node:',
    `  createReranker({ model: '${outside ? folder : `./${inside}`}', dtype: '${dtype}' })`,
  ]
}
