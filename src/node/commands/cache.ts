import { InvalidInputError, ModelLoadError } from '../../errors.js'
import type { CachedModel } from '../../types.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { formatSize, write, writeLines } from './output.js'

const usage = '[list | delete MODEL] [options]'

export const cache: Command = {
  name: 'cache',
  usage,
  summary: 'List the models kept on disk, or delete one.',
  details:
    'Without arguments: each model’s size, revision and host. delete removes a model as the list names it, all of its\n' +
    'revisions unless --revision names one. The cache is $XDG_CACHE_HOME/page-rerank, or ~/.cache/page-rerank.',
  options: {
    revision: { value: 'REV', help: 'Delete only this revision' },
    host: { value: 'HOST', help: 'Delete only what came from this host' },
    ...commonOptions,
  },
  examples: ['cache', 'cache delete BAAI/bge-reranker-base', 'cache --json'],
  run,
}

async function run(args: Arguments, { stdout, stderr }: CommandContext): Promise<void> {
  const [action = 'list', model] = args.positionals
  const json = args.flag('json')
  const { deleteCachedModel, listCachedModels } = await import('../disk-cache.js')
  if (action === 'list') {
    args.atMost(1, `page-rerank cache ${usage}`)
    const models = await listCachedModels()
    if (json) return writeLines(stdout, [JSON.stringify(models, undefined, 2)])
    return models.length === 0 ? write(stderr, 'Nothing is cached.\n') : writeLines(stdout, models.map(describe))
  }
  if (action !== 'delete' || !model) throw new InvalidInputError('invalid-input', `The usage is: page-rerank cache ${usage}.`)
  args.atMost(2, `page-rerank cache ${usage}`)
  const bytes = await deleteCachedModel(model, { revision: args.text('revision'), host: args.text('host') })
  if (bytes === 0) throw new ModelLoadError('model-not-found', `${model} is not in the cache; "page-rerank cache" lists what is.`)
  return writeLines(stdout, [json ? JSON.stringify({ model, bytes }) : `${model}: ${formatSize(bytes)} deleted`])
}

function describe({ model, revision = '', askedFor = [], host, bytes, partialBytes }: CachedModel): string {
  const unfinished = partialBytes > 0 ? `  ${formatSize(partialBytes)} unfinished` : ''
  const version = askedFor.length > 0 ? `${askedFor.join(', ')} (${revision.slice(0, 7)})` : revision
  const origin = host ? `  ${version}  ${host}` : ''
  return `${formatSize(bytes).padStart(11)}  ${model}${origin}${unfinished}`
}
