import { InvalidInputError } from '../../errors.js'
import type { WrappedSite } from '../pagefind/wrap-site.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { formatSize, writeLines } from './output.js'
import { Progress } from './progress.js'

const usage = 'DIR [options]'
const BUDGET_MS = 500

export const pagefind: Command = {
  name: 'pagefind',
  usage,
  summary: "Rerank a Pagefind site's searches.",
  details:
    'Run it after Pagefind, on the folder that Pagefind wrote. Its pagefind.js becomes a wrapper with the same exports, so that every\n' +
    'interface of Pagefind, Starlight and Nextra shows the better order as they are. What the wrapper fetches goes to DIR/page-rerank:\n' +
    'the worker, ONNX Runtime, the model, and an index of the pages. Run it again after each build; where nothing has changed, it\n' +
    'changes nothing.',
  options: {
    undo: { help: 'Put everything back as Pagefind wrote it' },
    'budget-ms': { value: 'N', help: `Milliseconds that a search may wait for the model (default: ${BUDGET_MS})` },
    ...commonOptions,
  },
  examples: ['pagefind dist/pagefind', 'pagefind public/_pagefind --budget-ms 300', 'pagefind dist/pagefind --undo'],
  run,
}

async function run(args: Arguments, { buildIndex, stdout, stderr, signal }: CommandContext): Promise<void> {
  args.atMost(1, `page-rerank pagefind ${usage}`)
  const [folder] = args.positionals
  if (!folder) {
    throw new InvalidInputError(
      'invalid-input',
      `Which folder? The usage is: page-rerank pagefind ${usage}, with the folder that Pagefind wrote.`,
    )
  }
  const { unwrapSite, wrapSite } = await import('../pagefind/wrap-site.js')
  if (args.flag('undo')) {
    const changed = await unwrapSite(folder, signal)
    const told = changed ? `${folder} is as Pagefind wrote it.` : `There was nothing to undo in ${folder}.`
    return writeLines(stdout, [args.flag('json') ? JSON.stringify({ folder, changed }, undefined, 2) : told])
  }
  const progress = new Progress(stderr, args.flag('progress'))
  const site = await wrapSite(folder, {
    budgetMs: args.number('budget-ms', { min: 1 }) ?? BUDGET_MS,
    buildIndex,
    onLoad: progress.onLoad,
    onRead: progress.onRead,
    signal,
  }).finally(() => progress.clear())
  return writeLines(stdout, args.flag('json') ? [JSON.stringify(site, undefined, 2)] : describe(site))
}

function describe({ folder, changed, pages, sections, read, languages, bytes }: WrappedSite): string[] {
  const unread = languages.filter(({ model }) => !model)
  const index = bytes.index > 0 ? `, index ${formatSize(bytes.index)}, texts ${formatSize(bytes.pages)}` : ''
  return [
    changed ? `${folder}: ${pages} pages, ${sections} sections; ${read} read now.` : `${folder}: nothing has changed.`,
    `A reader who searches fetches once: library and model ${formatSize(bytes.library)}${index}.`,
    ...(unread.length > 0 ? [`In Pagefind's own order, for want of a model: ${unread.map(({ name }) => name).join(', ')}.`] : []),
  ]
}
