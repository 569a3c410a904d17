import { isInnerPath } from '../../core/inner-path.js'
import type { ModelFile } from '../download/file-reader.js'
import { invalidFile } from '../download/verify.js'

/** A graph that keeps its weights outside is small; a file larger than this holds them itself. */
const MAX_GRAPH_BYTES = 64 * 2 ** 20

/**
 * Names of the files in which a graph keeps its weights (`model.onnx_data`, `model.onnx_data_1`, …), from the graph itself:
 * each tensor kept outside carries the name. Right for every place and every way of naming them, where listings and
 * conventions differ. A file that is no ONNX model names none: the runtime says what is wrong with it.
 *
 * @param file path of the graph, for the message
 * @throws ModelLoadError (`model-file-invalid`) for a name that leads out of the graph's folder
 */
export async function externalDataOf(graph: ModelFile, file: string): Promise<string[]> {
  if (graph.size > MAX_GRAPH_BYTES) return []
  const names = new Set<string>()
  for (const tensor of tensorsIn(await graph.bytes(), MODEL)) {
    for (const entry of fields(tensor)) if (entry.number === EXTERNAL_DATA) addLocation(entry.value, names)
  }
  for (const name of names) {
    if (!isInnerPath(name)) throw invalidFile(file, `keeps weights in ${JSON.stringify(name)}, which is not beside it`)
  }
  return [...names].sort()
}

/** Field numbers of onnx.proto: which fields of a message hold further messages of which kind, down to the tensors. */
interface MessageKind {
  [field: number]: MessageKind | typeof TENSOR
}
const TENSOR = 'TensorProto'
const SPARSE_TENSOR: MessageKind = { 1: TENSOR, 2: TENSOR }
const ATTRIBUTE: MessageKind = { 5: TENSOR, 10: TENSOR, 22: SPARSE_TENSOR, 23: SPARSE_TENSOR }
const NODE: MessageKind = { 5: ATTRIBUTE }
const GRAPH: MessageKind = { 1: NODE, 5: TENSOR, 15: SPARSE_TENSOR }
// A graph's nodes may have graphs of their own.
ATTRIBUTE[6] = GRAPH
ATTRIBUTE[11] = GRAPH
const FUNCTION: MessageKind = { 7: NODE }
const MODEL: MessageKind = { 7: GRAPH, 25: FUNCTION }

/** TensorProto.external_data: a list of keys (1) and values (2), of which `location` is a file's name. */
const EXTERNAL_DATA = 13

/** Graphs in nodes of graphs: deeper than any exporter goes. */
const MAX_DEPTH = 60

function* tensorsIn(message: Uint8Array, kind: MessageKind, depth = 0): Generator<Uint8Array> {
  for (const { number, value } of fields(message)) {
    const inner = kind[number]
    if (inner === TENSOR) yield value
    else if (inner && depth < MAX_DEPTH) yield* tensorsIn(value, inner, depth + 1)
  }
}

function addLocation(entry: Uint8Array, names: Set<string>): void {
  const texts = new Map<number, string>()
  for (const { number, value } of fields(entry)) texts.set(number, new TextDecoder().decode(value))
  const location = texts.get(2)
  if (texts.get(1) === 'location' && location !== undefined) names.add(location)
}

/** The fields of a protobuf message that have a length, up to the first byte that makes no sense. */
function* fields(message: Uint8Array): Generator<{ number: number; value: Uint8Array }> {
  let at = 0
  /** A varint; past 2^53 it is not exact, and past the end not a number. */
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = message[at++]
      if (byte === undefined || scale > 2 ** 63) return Number.NaN
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const tag = varint()
    const wireType = tag % 8
    if (wireType === 0) varint()
    else if (wireType === 1) at += 8
    else if (wireType === 5) at += 4
    else if (wireType === 2) {
      const length = varint()
      const end = at + length
      if (!(end <= message.length)) return
      yield { number: Math.floor(tag / 8), value: message.subarray(at, end) }
      at = end
    } else return
  }
}
