import type { Tensor } from 'onnxruntime-common'
import { padBatch } from '../core/batching.js'
import { InvalidInputError, ModelLoadError, messageOf } from '../errors.js'
import type { ModelLocation } from '../model/location.js'
import { createFailure, onnxPolicy } from './onnx.js'
import { CandidateError, type OpenedSession, type OpenRequest } from './open-session.js'

type Transformers = typeof import('@huggingface/transformers')

/**
 * Run the model through transformers.js's AutoModelForSequenceClassification: a second road to the same logits, to check
 * ours against. It fetches and caches the weights by itself.
 */
export async function openTransformers<Output>(
  { location, device, dtype, tokens, output }: OpenRequest<Output>,
  load: () => Promise<Transformers>,
): Promise<OpenedSession<Output>> {
  if (tokens.answers || !output.names.includes('logits')) {
    throw new InvalidInputError(
      'invalid-option',
      'runtime "transformers" runs classifiers; leave it out for a model that answers yes or no, or that reads texts one by one.',
      {
        option: 'runtime',
      },
    )
  }
  const {
    AutoModelForSequenceClassification,
    env,
    Tensor: TensorClass,
  } = await load().catch((cause: unknown) => {
    throw new InvalidInputError(
      'invalid-option',
      `runtime "transformers" could not load @huggingface/transformers: ${messageOf(cause)}. In Node install it, for a page check transformersUrl.`,
      { cause, option: 'runtime' },
    )
  })
  const { id, revision } = address(location, env)
  const model = await AutoModelForSequenceClassification.from_pretrained(id, {
    revision,
    dtype,
    device: device as 'wasm' | 'webgpu' | 'cpu',
  }).catch((cause: unknown) => {
    throw loadFailure(cause, id)
  })
  return {
    runtime: 'transformers',
    threads: env.backends.onnx.wasm?.numThreads || 1,
    policy: onnxPolicy(device, dtype, tokens),
    async run(inputs) {
      const { size, length, inputIds, attentionMask, tokenTypeIds } = padBatch(inputs, tokens.padTokenId)
      const tensor = (data: BigInt64Array) => new TensorClass('int64', data, [size, length])
      const { logits } = (await model({
        input_ids: tensor(inputIds),
        attention_mask: tensor(attentionMask),
        token_type_ids: tensor(tokenTypeIds),
      })) as { logits: Tensor }
      return output.read(logits, inputs, 'logits')
    },
    async release() {
      await model.dispose()
    },
  }
}

/** transformers.js throws plain errors; what went wrong is in their text alone. */
function loadFailure(cause: unknown, id: string): Error {
  const message = messageOf(cause)
  if (/could not locate|not found locally/i.test(message)) return new CandidateError('missing-file', message, { cause })
  if (/unauthorized|forbidden/i.test(message)) return new ModelLoadError('access-denied', `${id} may not be read: ${message}`, { cause })
  if (/occurred while trying to load file|fetch|network/i.test(message)) {
    return new ModelLoadError('download-failed', `${id} could not be fetched: ${message}. Check the connection, then try again.`, { cause })
  }
  return createFailure(cause, id)
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
