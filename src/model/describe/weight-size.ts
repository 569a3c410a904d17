import type { Dtype } from '../../types.js'
import { type ModelManifest, weightFiles } from './manifest.js'

/** Bytes a weight takes at least; 4-bit files keep scales beside them, and some their embeddings in more bits. */
const BYTES_A_WEIGHT: Record<Dtype, number> = { fp32: 4, fp16: 2, q8: 1, int8: 1, uint8: 1, q4: 0.5, q4f16: 0.5 }

/** What a dtype of a model takes, in bytes. */
export interface WeightSize {
  /** All weights. */
  bytes: number
  /** The largest tensor: the word embeddings. */
  largest: number
  /** True where the bytes are known; otherwise they are the least it can be, so that nothing is refused wrongly. */
  exact: boolean
}

/** ONNX files of unknown size are refused above this: what protobuf can hold. */
const MAX_GRAPH_BYTES = 2 ** 31

/** Most bytes that a weight file of unknown size may have: all weights in fp32, and as much again for what is beside them. */
export function mostWeightBytes({ parameterCount }: ModelManifest): number {
  return parameterCount ? 2 * BYTES_A_WEIGHT.fp32 * (parameterCount.embeddings + parameterCount.layers) + 2 ** 26 : MAX_GRAPH_BYTES
}

/** @returns undefined where nothing is known */
export function weightSize(manifest: ModelManifest, dtype: Dtype): WeightSize | undefined {
  const { parameterCount, bytes: published, files } = manifest
  const { file, externalData = [] } = weightFiles(manifest, dtype)
  const known = [file, ...externalData].map((path) => files[path]?.bytes)
  const largest = (parameterCount?.embeddings ?? 0) * BYTES_A_WEIGHT[dtype]
  if (known.every((bytes) => bytes !== undefined)) return { bytes: known.reduce((sum, bytes) => sum + bytes, 0), largest, exact: true }
  if (published?.[dtype] !== undefined) return { bytes: published[dtype], largest, exact: true }
  if (!parameterCount) return undefined
  return { bytes: (parameterCount.embeddings + parameterCount.layers) * BYTES_A_WEIGHT[dtype], largest, exact: false }
}
