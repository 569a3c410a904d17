import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common'
import { type PaddedBatch, padBatch } from '../core/batching.js'
import { halfToNumber } from '../core/half-float.js'
import { type DenseLayer, project } from '../core/late-interaction/projection.js'
import type { BatchPolicy, EncodedInput, TokenEmbeddings } from '../core/session.js'
import type { AnswerIds } from '../core/tokenizer.js'
import { ModelLoadError, messageOf } from '../errors.js'
import type { Weights } from '../model/load-model.js'
import type { Device, Dtype } from '../types.js'
import { isDynamicInt8 } from './candidates.js'
import { CandidateError, type RunTokens } from './open-session.js'

/** How pairs share a run under ONNX Runtime. Measured: on a CPU, padding costs more than a run of its own saves. */
export function onnxPolicy(device: Device, dtype: Dtype, { answers }: RunTokens): BatchPolicy {
  // A language model answers with its whole vocabulary at every token: 300 MB for 512 tokens of Qwen3's.
  if (answers) return { maxInputs: isDynamicInt8(dtype) ? 1 : 8, maxTokens: 512, padding: 'none' }
  if (device === 'webgpu') return { maxInputs: 32, maxTokens: 4096, padding: 'longest' }
  // One activation scale a tensor: a pair alone is the only batch whose scores depend on nothing else.
  return { maxInputs: isDynamicInt8(dtype) ? 1 : 8, maxTokens: 1024, padding: 'none' }
}

/** Run a batch through a session of onnxruntime-web or -node; both have the same interface. */
export async function runOnnx<Output>(
  session: InferenceSession,
  TensorClass: TensorConstructor,
  inputs: readonly EncodedInput[],
  { padTokenId }: RunTokens,
  output: OutputReader<Output>,
): Promise<Output[]> {
  const batch = padBatch(inputs, padTokenId)
  const feeds: Record<string, Tensor> = {}
  for (const input of session.inputMetadata) {
    const feed = feedOf(input, batch, TensorClass)
    if (feed) feeds[input.name] = feed
  }
  const name = output.names.find((one) => session.outputNames.includes(one)) ?? (session.outputNames[0] as string)
  const outputs = await session.run(feeds, [name])
  return output.read(outputs[name] as Tensor, inputs, name)
}

/** What a graph answers with. */
export type OutputFormat = { type: 'logits'; answers: AnswerIds | undefined } | ({ type: 'token-embeddings' } & TokenEmbeddingsFormat)

export interface TokenEmbeddingsFormat {
  /** Of the embeddings that are wanted. */
  dimensions: number
  /** What makes them of the encoder's states, for graphs that end before it. */
  projection?: readonly DenseLayer[]
  /** Width of the encoder's states, where the weights of the projection behind them are not to be had. */
  unprojected?: number
}

/** How a graph's answer is read. */
export interface OutputReader<Output> {
  /** As plain data, from which another thread makes the same reader. */
  format: OutputFormat
  /** Names that the tensor may have, the likeliest first; else the first output is taken. */
  names: readonly string[]
  /**
   * @param name of the graph's output
   * @returns one output an input
   */
  read(tensor: Tensor, inputs: readonly EncodedInput[], name: string): Output[]
}

/** One logit a pair; of a language model the difference between those of its two answers. */
export function logitsOf(answers: AnswerIds | undefined): OutputReader<number> {
  return {
    format: { type: 'logits', answers },
    names: ['logits'],
    read: (tensor, { length }) => Array.from(toLogits(tensor, length, answers)),
  }
}

/** A graph's output of this name is an encoder's states, whatever their width. */
const STATES = 'last_hidden_state'

/** The embeddings of each text's own tokens; those of padding are left out. */
export function tokenEmbeddingsOf(format: TokenEmbeddingsFormat): OutputReader<TokenEmbeddings> {
  const { dimensions, projection, unprojected } = format
  return {
    format: { type: 'token-embeddings', ...format },
    names: ['token_embeddings', STATES],
    read(tensor, inputs, name) {
      const [rows, length, width] = tensor.dims
      const isProjected = width === dimensions && !(name === STATES && projection?.[0]?.inputs === width)
      const layers = isProjected ? [] : projection
      if (tensor.dims.length !== 3 || rows !== inputs.length || !(isProjected || layers?.[0]?.inputs === width)) {
        throw new ModelLoadError(
          'model-unsupported',
          `The graph answers with ${tensor.dims.join('×')} numbers for ${inputs.length} texts; it should be texts × tokens × ${dimensions}.${width === unprojected ? " It ends before the model's projection, whose weights are not in the folder: take ONNX files that hold the projection (docs/models.md)." : ''}`,
        )
      }
      const all = tensor.data instanceof Uint16Array ? Float32Array.from(tensor.data, halfToNumber) : (tensor.data as Float32Array)
      return inputs.map(({ inputIds: { length: tokens } }, row) => {
        const start = row * (length as number) * (width as number)
        const states = all.slice(start, start + tokens * (width as number))
        return { tokens, data: layers ? project(states, layers) : states }
      })
    },
  }
}

export function readerOf(format: OutputFormat): OutputReader<number> | OutputReader<TokenEmbeddings> {
  return format.type === 'logits' ? logitsOf(format.answers) : tokenEmbeddingsOf(format)
}

/** What a graph wants under a name; names are those of transformers' exports. */
function feedOf(input: InferenceSession.ValueMetadata, batch: PaddedBatch, TensorClass: TensorConstructor): Tensor | undefined {
  const { size, length, inputIds, attentionMask, tokenTypeIds } = batch
  const isInt32 = input.isTensor && input.type === 'int32'
  const tensor = (data: BigInt64Array) =>
    isInt32 ? new TensorClass('int32', Int32Array.from(data, Number), [size, length]) : new TensorClass('int64', data, [size, length])
  switch (input.name) {
    case 'input_ids':
      return tensor(inputIds)
    case 'attention_mask':
      return tensor(attentionMask)
    case 'token_type_ids':
      return tensor(tokenTypeIds)
    // Decoders run unpadded, so their positions are simply counted.
    case 'position_ids':
      return tensor(inputIds.map((_, i) => BigInt(i % length)))
    case 'num_logits_to_keep':
      return new TensorClass('int64', BigInt64Array.of(1n), [])
    default:
      return input.isTensor && input.name.startsWith('past_key_values.') ? noPast(input, size, TensorClass) : undefined
  }
}

/** The keys or values of no earlier tokens: [batch, heads, 0, width]. */
function noPast({ type, shape }: InferenceSession.TensorValueMetadata, size: number, TensorClass: TensorConstructor): Tensor {
  const [, heads, , width] = shape as number[]
  const dims = [size, heads as number, 0, width as number]
  return type === 'float16' ? new TensorClass('float16', new Uint16Array(0), dims) : new TensorClass('float32', new Float32Array(0), dims)
}

/** @throws ModelLoadError where the graph answers with anything but one number a pair, or a vocabulary's for each token */
function toLogits(tensor: Tensor, size: number, answers: AnswerIds | undefined): Float32Array {
  const data = tensor.data as Float32Array | Uint16Array
  // Engines without Float16Array get half floats as their bits.
  const numberAt = (at: number) => (data instanceof Uint16Array ? halfToNumber(data[at] as number) : (data[at] as number))
  if (answers && tensor.dims.length === 3) {
    const [, tokens, vocabulary] = tensor.dims as [number, number, number]
    return Float32Array.from({ length: size }, (_, row) => {
      const last = (row * tokens + tokens - 1) * vocabulary
      return numberAt(last + answers.yes) - numberAt(last + answers.no)
    })
  }
  if (tensor.size !== size) {
    throw new ModelLoadError(
      'model-unsupported',
      `The graph answers with ${tensor.dims.join('×')} numbers for ${size} pairs; a reranker gives one logit a pair.`,
    )
  }
  return Float32Array.from({ length: size }, (_, row) => numberAt(row))
}

/** External data as ONNX Runtime takes it. */
export function inMemory(externalData: Weights['externalData']): Promise<{ path: string; data: Uint8Array }[]> {
  return Promise.all(externalData.map(async ({ path, data }) => ({ path, data: await data.bytes() })))
}

/** What ONNX Runtime says of a file that is cut short or has other bytes than it should. */
const DAMAGE = /protobuf|failed to parse|ir_version|invalid model|not a valid|out of bounds/i

/** The file, or the device? Says which one to blame for a session that could not be made. */
export function createFailure(cause: unknown, file: string): Error {
  const message = messageOf(cause)
  if (DAMAGE.test(message)) {
    return new ModelLoadError('model-file-invalid', `${file} is not a complete ONNX model (${message}). Upload or download it again.`, {
      cause,
      file,
    })
  }
  return new CandidateError('session-failed', `no session could be created: ${message}`, { cause })
}
