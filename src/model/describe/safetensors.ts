import { halfToNumber } from '../../core/half-float.js'
import { invalidFile } from '../download/verify.js'

/** A tensor of a safetensors file. */
export interface Tensor {
  shape: number[]
  data: Float32Array
}

const MAX_HEADER_BYTES = 2 ** 20

/** Bytes of a number, by how it is written. */
const WIDTHS: Record<string, number> = { F32: 4, F16: 2, BF16: 2 }

/**
 * Tensors of a safetensors file, which is somebody else's words: everything it says is held against its size.
 *
 * @returns undefined where it has no tensor of this name
 * @throws ModelLoadError (`model-file-invalid`)
 */
export function readTensor(bytes: Uint8Array, name: string, file: string): Tensor | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const headerBytes = bytes.length >= 8 ? Number(view.getBigUint64(0, true)) : Number.NaN
  if (!(headerBytes <= MAX_HEADER_BYTES && 8 + headerBytes <= bytes.length)) throw invalidFile(file, 'is no safetensors file')
  const start = 8 + headerBytes
  const entry = entryOf(bytes.subarray(8, start), name, file)
  if (!entry) return undefined
  const { dtype, shape, data_offsets: offsets } = entry as { dtype?: unknown; shape?: unknown; data_offsets?: unknown }
  const width = typeof dtype === 'string' && Object.hasOwn(WIDTHS, dtype) ? (WIDTHS[dtype] as number) : undefined
  if (!width) throw invalidFile(file, `keeps ${name} as ${JSON.stringify(dtype)}; F32, F16 and BF16 can be read`)
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
  if (!Array.isArray(shape) || !shape.every(isCount) || !Array.isArray(offsets) || !offsets.every(isCount)) {
    throw invalidFile(file, `does not say where ${name} is`)
  }
  const [from, to] = offsets as [number, number]
  const count = shape.reduce((product, length) => product * length, 1)
  if (!(to - from === count * width && start + to <= bytes.length)) throw invalidFile(file, `does not hold all of ${name}`)
  const at = (i: number) => start + from + i * width
  const read: Record<string, (i: number) => number> = {
    F32: (i) => view.getFloat32(at(i), true),
    F16: (i) => halfToNumber(view.getUint16(at(i), true)),
    BF16: (i) => bfloat16ToNumber(view.getUint16(at(i), true)),
  }
  return {
    shape: shape as number[],
    data: Float32Array.from({ length: count }, (_, i) => (read[dtype as string] as (i: number) => number)(i)),
  }
}

function entryOf(header: Uint8Array, name: string, file: string): object | undefined {
  let entries: unknown
  try {
    entries = JSON.parse(new TextDecoder().decode(header))
  } catch {
    throw invalidFile(file, 'has a header that is not JSON')
  }
  if (typeof entries !== 'object' || entries === null || !Object.hasOwn(entries, name)) return undefined
  const entry = (entries as Record<string, unknown>)[name]
  if (typeof entry !== 'object' || entry === null) throw invalidFile(file, `does not say where ${name} is`)
  return entry
}

const word = new DataView(new ArrayBuffer(4))

function bfloat16ToNumber(bits: number): number {
  word.setUint32(0, bits << 16)
  return word.getFloat32(0)
}
