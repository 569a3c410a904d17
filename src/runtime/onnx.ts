import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common'
import { padBatch } from '../core/batching.js'
import type { BatchPolicy, EncodedPair } from '../core/session.js'
import { ModelLoadError } from '../errors.js'
import type { Weights } from '../model/load-model.js'
import type { Device, Dtype } from '../types.js'
import { isDynamicInt8 } from './candidates.js'
import { CandidateError } from './open-session.js'

/** How pairs share a run under ONNX Runtime. Measured: on a CPU, padding costs more than a run of its own saves. */
export function onnxPolicy(device: Device, dtype: Dtype): BatchPolicy {
  if (device === 'webgpu') return { maxPairs: 32, maxTokens: 4096, padding: 'longest' }
  // One activation scale a tensor: a pair alone is the only batch whose scores depend on nothing else.
  return { maxPairs: isDynamicInt8(dtype) ? 1 : 8, maxTokens: 1024, padding: 'none' }
}

/** Run a batch through a session of onnxruntime-web or -node; both have the same interface. */
export async function runOnnx(
  session: InferenceSession,
  TensorClass: TensorConstructor,
  pairs: readonly EncodedPair[],
  padTokenId: number,
): Promise<Float32Array> {
  const { size, length, ...inputs } = padBatch(pairs, padTokenId)
  const tensor = (data: BigInt64Array) => new TensorClass('int64', data, [size, length])
  const feeds: Record<string, Tensor> = { input_ids: tensor(inputs.inputIds), attention_mask: tensor(inputs.attentionMask) }
  if (session.inputNames.includes('token_type_ids')) feeds.token_type_ids = tensor(inputs.tokenTypeIds)
  const outputs = await session.run(feeds)
  const logits = outputs.logits ?? outputs[session.outputNames[0] as string]
  return toLogits(logits as Tensor, size)
}

/** @throws ModelLoadError where the graph answers with anything but one number a pair */
function toLogits(tensor: Tensor, size: number): Float32Array {
  if (tensor.size !== size) {
    throw new ModelLoadError(
      'model-unsupported',
      `The graph answers with ${tensor.dims.join('×')} numbers for ${size} pairs; a reranker gives one logit a pair.`,
    )
  }
  const data = tensor.data as Float32Array | Uint16Array
  // Engines without Float16Array get half floats as their bits.
  return data instanceof Uint16Array ? Float32Array.from(data, halfToNumber) : Float32Array.from(data)
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 0x1f
  const fraction = bits & 0x3ff
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (exponent === 0 ? 2 ** -24 * fraction : 2 ** (exponent - 25) * (1024 + fraction))
}

/** External data as ONNX Runtime takes it. */
export function inMemory(externalData: Weights['externalData']): Promise<{ path: string; data: Uint8Array }[]> {
  return Promise.all(externalData.map(async ({ path, data }) => ({ path, data: await data.bytes() })))
}

/** The file, or the device? Says which one to blame for a session that could not be made. */
export function createFailure(cause: unknown, file: string): Error {
  const message = cause instanceof Error ? cause.message : String(cause)
  if (/protobuf|failed to parse|ir_version|invalid model|not a valid/i.test(message)) {
    return new ModelLoadError('model-file-invalid', `${file} is not a complete ONNX model (${message}). Upload or download it again.`, {
      cause,
      file,
    })
  }
  return new CandidateError('session-failed', `no session could be created: ${message}`, { cause })
}
