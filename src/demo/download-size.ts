import type { CreateRerankerOptions, Dtype } from 'page-rerank'

/** What is known of a model before anything of it is fetched. */
export interface KnownModel {
  /** What it may be asked for by, and what it is called on the disk. */
  names: string[]
  /** The number format that is taken where none is chosen. */
  recommended: Partial<Record<string, Dtype>>
  /** By number format, where it is known. */
  bytes: Partial<Record<Dtype, number>>
}

/** A model and how it is to run: what is fetched follows from it. */
export interface ChosenModel {
  /** Registry name, hub id or address. */
  model: string
  device: NonNullable<CreateRerankerOptions['device']>
  dtype: NonNullable<CreateRerankerOptions['dtype']>
}

/**
 * Bytes that are fetched of a model, at the most; undefined where nobody knows beforehand.
 *
 * @param hasGpu where the browser has none, nothing is fetched for it
 */
export function bytesOf({ device, dtype }: ChosenModel, known: KnownModel | undefined, hasGpu: boolean): number | undefined {
  if (!known) return undefined
  const { wasm, webgpu } = known.recommended
  const likely = hasGpu && device !== 'wasm' && webgpu ? [wasm, webgpu] : [wasm]
  const sizes = (dtype === 'auto' ? likely : [dtype]).map((one) => one && known.bytes[one])
  return sizes.every((size) => size !== undefined) ? Math.max(...(sizes as number[])) : undefined
}
