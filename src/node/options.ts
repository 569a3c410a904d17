import { modelOptionChecks } from '../core/model-options.js'
import { numberFrom, type OptionChecks, oneOf, readOptions } from '../core/options.js'
import { type ModelOptions, RUNTIMES } from '../types.js'

export const NODE_DEVICES = ['auto', 'wasm'] as const
export const NODE_RUNTIMES = ['auto', ...RUNTIMES] as const

/** Options of `createReranker` in Node. */
export interface CreateRerankerOptions extends ModelOptions {
  /** `auto` is the CPU by onnxruntime-node where that package is installed, else WASM. @default 'auto' */
  device?: (typeof NODE_DEVICES)[number]
  /** CPU threads. @default all cores by onnxruntime-node, 1 on WASM */
  threads?: number
  /** `transformers` runs the model through @huggingface/transformers, to cross-check. @default 'auto' */
  runtime?: (typeof NODE_RUNTIMES)[number]
}

export const createOptionChecks: OptionChecks<CreateRerankerOptions> = {
  ...modelOptionChecks,
  device: oneOf(NODE_DEVICES),
  threads: numberFrom({ min: 1, max: 64, integer: true }),
  runtime: oneOf(NODE_RUNTIMES),
}

/** @throws InvalidInputError (`invalid-option`) naming the option and what it may be */
export function readCreateOptions(options: CreateRerankerOptions): CreateRerankerOptions {
  return readOptions('createReranker in Node', options, createOptionChecks)
}
