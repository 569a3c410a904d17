import type { ParameterCount } from '../model/describe/parameter-count.js'
import type { WeightSize } from '../model/describe/weight-size.js'
import { formatBytes } from '../model/format-bytes.js'
import type { CostEstimate, Dtype, Fallback } from '../types.js'
import type { Candidate } from './candidates.js'

/** What this machine offers, in bytes, as far as it tells; decided on before a byte of weights is fetched. */
export interface MemoryLimits {
  /** Largest buffer a GPU can bind: the smaller of `maxBufferSize` and `maxStorageBufferBindingSize`. */
  gpuBuffer?: number
  /** Memory of the whole machine. Browsers tell it roughly, and at most 8 or 32 GiB. */
  memory?: number
  /** Most that this origin may ever keep on disk. */
  storage?: number
}

const GIB = 2 ** 30

/** What a 32-bit WebAssembly memory can address. */
const WASM_LIMIT = 4 * GIB

/** While a session is made, its file and the weights read from it are both in WebAssembly's memory. */
const WASM_COPIES = 2

export interface Fit {
  candidates: Candidate[]
  /** What was given up, with the figures. */
  refused: Fallback[]
}

/**
 * Leave out what cannot work here. What could not be kept on disk is tried last, because it would be downloaded at every
 * visit. Where a size is unknown nothing is refused.
 */
export function chooseFitting(
  candidates: readonly Candidate[],
  sizeOf: (dtype: Dtype) => WeightSize | undefined,
  limits: MemoryLimits,
): Fit {
  const refused: Fallback[] = []
  const fitting = candidates.filter((candidate) => {
    const size = sizeOf(candidate.dtype)
    const reason = size && refuse(candidate, size, limits)
    if (reason) refused.push({ ...candidate, code: 'does-not-fit', reason })
    return !reason
  })
  const storable = ({ dtype }: Candidate) => (sizeOf(dtype)?.bytes ?? 0) <= (limits.storage ?? Number.POSITIVE_INFINITY)
  return { candidates: [...fitting.filter(storable), ...fitting.filter((one) => !storable(one))], refused }
}

function refuse(
  { device, dtype }: Candidate,
  { bytes, largest, exact }: WeightSize,
  { gpuBuffer, memory }: MemoryLimits,
): string | undefined {
  const weights = `its ${dtype} weights have ${exact ? '' : 'at least '}${formatBytes(bytes)}`
  if (device === 'webgpu' && gpuBuffer !== undefined && largest > gpuBuffer)
    return `its word embeddings take ${formatBytes(largest)} as ${dtype}, and this GPU binds ${formatBytes(gpuBuffer)} at once`
  if (device === 'wasm' && bytes * WASM_COPIES > WASM_LIMIT)
    return `${weights}, and WebAssembly, which holds them twice while it loads, has ${formatBytes(WASM_LIMIT)}`
  if (memory !== undefined && bytes > memory) return `${weights}, and this machine has ${formatBytes(memory)} of memory`
  return undefined
}

/** Tokens of the pair that an estimate is about: a query and a paragraph. */
const PAIR_TOKENS = 128

/** Operations a second on WASM, roughly: onnxruntime-web took 18 to 57 billion, by dtype and machine (MiniLM-L6, 8 × 128 tokens). */
const WASM_FLOPS = 20e9

/** What a pair will cost: 2 operations a weight and token. The attention's own share, small at this length, is left out. */
export function estimateCost({ device, dtype }: Candidate, { layers }: ParameterCount, size: WeightSize | undefined): CostEstimate {
  const flop = 2 * layers * PAIR_TOKENS
  return {
    device,
    dtype,
    ...(size && { bytes: Math.round(size.bytes) }),
    tokens: PAIR_TOKENS,
    gflop: flop / 1e9,
    ...(device === 'wasm' && { seconds: flop / WASM_FLOPS }),
  }
}
