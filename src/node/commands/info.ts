import type { LocalRerankerInfo } from '../../types.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { modelOptions, readModelOptions, withReranker } from './model.js'
import { writeLines } from './output.js'
import { Progress } from './progress.js'

export const info: Command = {
  name: 'info',
  usage: '[options]',
  summary: 'Load the model and print what is really running.',
  details: 'Model, device, number format and threads in use, what was tried and given up, the self-test and the load times.',
  options: { ...modelOptions, ...commonOptions },
  examples: ['info', 'info --device wasm --json'],
  run,
}

async function run(args: Arguments, context: CommandContext): Promise<void> {
  args.atMost(0, 'page-rerank info [options]')
  const model = readModelOptions(args)
  const progress = new Progress(context.stderr, args.flag('progress'))
  // Copied before the reranker goes: what is running is a question about a live one.
  const info = await withReranker(context, model, progress, async (reranker) => structuredClone(reranker.info))
  await writeLines(context.stdout, args.flag('json') ? [JSON.stringify(info, undefined, 2)] : describe(info))
}

function describe(info: LocalRerankerInfo): string[] {
  const { timings, bytes } = info
  const rows: [string, string][] = [
    ['model', info.model],
    ['kind', info.kind],
    ['revision', info.revision],
    ['runtime', info.runtime],
    ['device', info.adapter ? `${info.device} (${info.adapter})` : info.device],
    ['dtype', info.dtype],
    ['threads', String(info.threads)],
    [
      'reads',
      `${info.maxLength} tokens of a ${info.kind === 'cross-encoder' ? 'pair' : 'document'}; up to ${info.maxPositions} with --max-length`,
    ],
    ['first stage', `weight ${info.firstStageWeight}`],
    ['languages', info.languages.join(', ') || 'unknown'],
    ['self-test', selfTestFacts(info)],
    [
      'loaded in',
      `${timings.total.toFixed(0)} ms (files ${timings.download.toFixed(0)}, session ${timings.session.toFixed(0)}, self-test ${timings.selfTest.toFixed(0)})`,
    ],
    ['bytes', `${bytes.network} from the network, ${bytes.cache} from the cache, ${bytes.local} from local files`],
    ...info.fallbacks.map(({ device, dtype, reason }): [string, string] => [
      'given up',
      `${dtype ? `${device} ${dtype}` : device}: ${reason}`,
    ]),
  ]
  return rows.map(([name, value]) => `${name.padEnd(13)} ${value}`)
}

function selfTestFacts({ selfTest: { pairs, maxError, tolerance } }: LocalRerankerInfo): string {
  if (maxError === undefined) return 'the model brings no known scores to check against'
  return `passed: ${pairs} pairs, at most ${maxError.toPrecision(2)} off (${tolerance} is allowed)`
}
