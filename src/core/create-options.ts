import { InvalidInputError } from '../errors.js'
import type { CreateRerankerOptions } from '../types.js'
import { checkFunction, checkNumber, checkOneOf, describe } from './options.js'

/** @throws InvalidInputError (`invalid-option`) naming the option and what it may be */
export function checkCreateOptions(options: CreateRerankerOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidInputError('invalid-option', `The options are ${describe(options)}; pass an object.`)
  }
  checkOneOf('device', options.device, ['auto', 'webgpu', 'wasm'])
  checkOneOf('dtype', options.dtype, ['auto', 'fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16'])
  checkOneOf('runtime', options.runtime, ['auto', 'ort-web', 'ort-node', 'transformers'])
  if (options.modelFile !== undefined && !/^\w[^?#]*\.onnx$/.test(options.modelFile)) {
    throw new InvalidInputError(
      'invalid-option',
      `modelFile is ${options.modelFile}; it must be a path to an .onnx file in the model's folder.`,
      {
        option: 'modelFile',
      },
    )
  }
  checkNumber('threads', options.threads, { min: 1, max: 64, integer: true })
  checkFunction('onProgress', options.onProgress)
}
