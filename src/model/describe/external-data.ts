import type { ModelFile } from '../download/file-reader.js'

/** A graph that keeps its weights outside is small; a file larger than this holds them itself. */
const MAX_GRAPH_BYTES = 64 * 2 ** 20

/** In protobuf: a StringStringEntryProto's key (field 1, 8 bytes) `location`, and the tag of its value (field 2). */
const LOCATION = new Uint8Array([0x0a, 8, ...new TextEncoder().encode('location'), 0x12])

/**
 * Names of the files in which a graph keeps its weights (`model.onnx_data`, `model.onnx_data_1`, …), from the graph itself:
 * each tensor kept outside carries the name (TensorProto.external_data in onnx.proto). Right for every place and every way
 * of naming them, where listings and conventions differ.
 */
export async function externalDataOf(graph: ModelFile): Promise<string[]> {
  if (graph.size > MAX_GRAPH_BYTES) return []
  const bytes = await graph.bytes()
  const names = new Set<string>()
  for (let at = bytes.indexOf(0x0a); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (!LOCATION.every((byte, i) => bytes[at + i] === byte)) continue
    const length = bytes[at + LOCATION.length] as number
    const start = at + LOCATION.length + 1
    const name = new TextDecoder().decode(bytes.subarray(start, start + length))
    // Beside the graph or nowhere: a model must not point to other folders.
    if (/^\w[\w.-]*$/.test(name)) names.add(name)
  }
  return [...names].sort()
}
