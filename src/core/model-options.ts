import { InvalidInputError } from '../errors.js'
import { DTYPES, type ModelOptions, type StateOptions } from '../types.js'
import { isInnerPath } from './inner-path.js'
import {
  aBoolean,
  aFunction,
  anAddress,
  anything,
  aSignal,
  aString,
  numberFrom,
  type OptionChecks,
  oneOf,
  readOptions,
  show,
} from './options.js'

const stateChecks: OptionChecks<StateOptions> = { maxBytes: numberFrom({ min: 0 }), keep: aBoolean }

/** Checks of the options that a page and Node share. What `model` may be, `locateModel` says. */
export const modelOptionChecks: OptionChecks<ModelOptions> = {
  model: anything,
  modelFile(option, value) {
    if (isInnerPath(value) && value.endsWith('.onnx')) return
    throw new InvalidInputError(
      'invalid-option',
      `${option} is ${show(value)}; it must be a path to an .onnx file in the model's folder.`,
      { option },
    )
  },
  dtype: oneOf(['auto', ...DTYPES]),
  revision: aString,
  host: aString,
  cache: aBoolean,
  localFilesOnly: aBoolean,
  wasmPaths: anAddress,
  states(option, value) {
    readOptions(option, value as StateOptions, stateChecks)
  },
  onProgress: aFunction,
  signal: aSignal,
}
