import { DTYPES, type LocalReranker } from '../../types.js'
import { type CreateRerankerOptions, NODE_DEVICES, NODE_RUNTIMES } from '../options.js'
import type { Arguments } from './arguments.js'
import { type CommandContext, either, type OptionSpec } from './command.js'
import type { Progress } from './progress.js'

const dtypes = ['auto', ...DTYPES] as const

/** Options of every command that loads a model. */
export const modelOptions = {
  model: { value: 'MODEL', help: 'Registry name, hub id, address or folder (default: the bundled model)' },
  revision: { value: 'REV', help: 'Branch, tag or commit on the hub (default: main)' },
  host: { value: 'URL', help: 'The hub or a mirror (default: HF_ENDPOINT, else https://huggingface.co)' },
  'local-files-only': { help: 'Never touch the network' },
  dtype: { value: 'D', help: `${either(dtypes)} (default: auto)` },
  'model-file': { value: 'PATH', help: 'ONNX file with a name of its own, such as onnx/model_quint8_avx2.onnx' },
  device: { value: 'D', help: `${either(NODE_DEVICES)} (default: auto, the CPU by onnxruntime-node where it is installed)` },
  runtime: { value: 'R', help: `${either(NODE_RUNTIMES)} (default: auto)` },
  threads: { value: 'N', help: 'CPU threads' },
} satisfies Record<string, OptionSpec>

/**
 * What the arguments say about the model. Called before any input is read, so that a mistyped option costs no time.
 *
 * @throws InvalidInputError
 */
export function readModelOptions(args: Arguments): CreateRerankerOptions {
  return {
    model: args.text('model'),
    revision: args.text('revision'),
    host: args.text('host'),
    localFilesOnly: args.flag('local-files-only') || undefined,
    dtype: args.oneOf('dtype', dtypes),
    modelFile: args.text('model-file'),
    device: args.oneOf('device', NODE_DEVICES),
    runtime: args.oneOf('runtime', NODE_RUNTIMES),
    threads: args.count('threads'),
  }
}

/** Load the model, use it, and let go of it whatever happens. */
export async function withReranker<T>(
  { createReranker, signal }: CommandContext,
  options: CreateRerankerOptions,
  progress: Progress,
  use: (reranker: LocalReranker) => Promise<T>,
): Promise<T> {
  // An option that was not given must not be there at all: `undefined` might be taken for a value.
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const reranker = await createReranker({ ...given, signal, onProgress: progress.onLoad })
  try {
    return await use(reranker)
  } finally {
    progress.clear()
    await reranker.dispose()
  }
}
