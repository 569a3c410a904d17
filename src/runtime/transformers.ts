import type { Tensor } from 'onnxruntime-common'
import { padBatch } from '../core/batching.js'
import { InvalidInputError } from '../errors.js'
import type { ModelLocation } from '../model/location.js'
import { onnxPolicy } from './onnx.js'
import type { OpenedSession, OpenRequest } from './open-session.js'

type Transformers = typeof import('@huggingface/transformers')

/**
 * Run the model through transformers.js's AutoModelForSequenceClassification: a second road to the same logits, to check
 * ours against. It fetches and caches the weights by itself.
 */
export async function openTransformers(
  { location, device, dtype, tokens }: OpenRequest,
  load: () => Promise<Transformers>,
): Promise<OpenedSession> {
  if (tokens.answers) {
    throw new InvalidInputError(
      'invalid-option',
      'runtime "transformers" runs classifiers; leave it out for a model that answers yes or no.',
      {
        option: 'runtime',
      },
    )
  }
  const { AutoModelForSequenceClassification, env, Tensor: TensorClass } = await load()
  const { id, revision } = address(location, env)
  const model = await AutoModelForSequenceClassification.from_pretrained(id, {
    revision,
    dtype,
    device: device as 'wasm' | 'webgpu' | 'cpu',
  })
  return {
    runtime: 'transformers',
    threads: env.backends.onnx.wasm?.numThreads || 1,
    policy: onnxPolicy(device, dtype, tokens),
    async run(pairs) {
      const { size, length, inputIds, attentionMask, tokenTypeIds } = padBatch(pairs, tokens.padTokenId)
      const tensor = (data: BigInt64Array) => new TensorClass('int64', data, [size, length])
      const { logits } = (await model({
        input_ids: tensor(inputIds),
        attention_mask: tensor(attentionMask),
        token_type_ids: tensor(tokenTypeIds),
      })) as { logits: Tensor }
      return Float32Array.from(logits.data as Float32Array)
    },
    async release() {
      await model.dispose()
    },
  }
}

/** transformers.js knows hub ids and one folder of local models. */
function address(location: ModelLocation, env: Transformers['env']): { id: string; revision: string } {
  if (location.kind === 'hub') {
    env.remoteHost = `${location.host}/`
    return { id: location.name, revision: location.revision }
  }
  const bundled = location.kind === 'bundled' ? location.urls['tokenizer.json'] : undefined
  const url = location.kind === 'folder' ? location.url : bundled && new URL('.', bundled).href
  if (!url)
    throw new InvalidInputError('invalid-option', 'runtime "transformers" takes a hub id or a folder, not files in hand.', {
      option: 'runtime',
    })
  const parts = url.replace(/\/$/, '').split('/')
  const id = parts.pop() as string
  const parent = `${parts.join('/')}/`
  env.allowLocalModels = true
  env.allowRemoteModels = false
  env.localModelPath = parent.startsWith('file:') ? decodeURIComponent(new URL(parent).pathname) : parent
  return { id, revision: 'main' }
}
