import type { CreateRerankerOptions, Dtype, Reranker, Runtime } from '../../types.js'
import type { Arguments } from './arguments.js'
import type { CommandContext, OptionSpec } from './command.js'
import type { Progress } from './progress.js'

/** Options of every command that loads a model. */
export const modelOptions = {
  model: { value: 'MODEL', help: 'Registry name, hub id, address or folder (default: the bundled model)' },
  revision: { value: 'REV', help: 'Branch, tag or commit on the hub (default: main)' },
  host: { value: 'URL', help: 'The hub or a mirror (default: HF_ENDPOINT, else https://huggingface.co)' },
  'local-files-only': { help: 'Never touch the network' },
  dtype: { value: 'D', help: 'auto, fp32, fp16, q8, int8, uint8, q4 or q4f16 (default: auto)' },
  'model-file': { value: 'PATH', help: 'ONNX file with a name of its own, such as onnx/model_quint8_avx2.onnx' },
  device: { value: 'D', help: 'auto or wasm (default: auto, the CPU by onnxruntime-node where it is installed)' },
  runtime: { value: 'R', help: 'auto, ort-node, ort-web or transformers (default: auto)' },
  threads: { value: 'N', help: 'CPU threads' },
} satisfies Record<string, OptionSpec>

export const dtypes = ['auto', 'fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16'] as const satisfies readonly ('auto' | Dtype)[]
// `webgpu` too: createReranker says better than a list why there is none here.
const devices = ['auto', 'wasm', 'webgpu'] as const
const runtimes = ['auto', 'ort-node', 'ort-web', 'transformers'] as const satisfies readonly ('auto' | Runtime)[]

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
    device: args.oneOf('device', devices),
    runtime: args.oneOf('runtime', runtimes),
    threads: args.count('threads'),
  }
}

/** Load the model, use it, and let go of it whatever happens. */
export async function withReranker<T>(
  { createReranker, signal }: CommandContext,
  options: CreateRerankerOptions,
  progress: Progress,
  use: (reranker: Reranker) => Promise<T>,
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
