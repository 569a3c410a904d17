/**
 * Moves the larger tensors of an ONNX file into files beside it, in turn, as exporters do with graphs over 2 GB. A protobuf
 * message is a list of fields, each a tag (number and wire type) and a value; field numbers are those of onnx.proto.
 */
export function moveWeightsOut(onnx: Uint8Array, names: string[]): { graph: Uint8Array; parts: Record<string, Uint8Array> } {
  const parts: Record<string, Uint8Array[]> = Object.fromEntries(names.map((name) => [name, []]))
  let next = 0
  const graph = mapField(onnx, GRAPH, (graph) =>
    mapField(graph, INITIALIZER, (tensor) => {
      const raw = [...fields(tensor)].find(({ number }) => number === RAW_DATA)?.value
      if (!raw || raw.length < 1024) return tensor
      const name = names[next++ % names.length] as string
      const part = parts[name] as Uint8Array[]
      const offset = part.reduce((sum, piece) => sum + piece.length, 0)
      part.push(raw)
      const rest = [...fields(tensor)].filter(({ number }) => number !== RAW_DATA).map(({ whole }) => whole)
      const entries = Object.entries({ location: name, offset, length: raw.length }).map(([key, value]) =>
        bytesField(EXTERNAL_DATA, Buffer.concat([bytesField(1, Buffer.from(key)), bytesField(2, Buffer.from(String(value)))])),
      )
      return Buffer.concat([...rest, ...entries, Buffer.from([(DATA_LOCATION << 3) | 0, EXTERNAL])])
    }),
  )
  return { graph, parts: Object.fromEntries(Object.entries(parts).map(([name, pieces]) => [name, Buffer.concat(pieces)])) }
}

/** ModelProto.graph, GraphProto.initializer, TensorProto's fields, and DataLocation.EXTERNAL. */
const GRAPH = 7
const INITIALIZER = 5
const RAW_DATA = 9
const EXTERNAL_DATA = 13
const DATA_LOCATION = 14
const EXTERNAL = 1

interface Field {
  number: number
  /** Of a field with a length; empty for others. */
  value: Uint8Array
  /** With its tag. */
  whole: Uint8Array
}

function mapField(message: Uint8Array, number: number, change: (value: Uint8Array) => Uint8Array): Uint8Array {
  return Buffer.concat(
    [...fields(message)].map((field) => (field.number === number ? bytesField(number, change(field.value)) : field.whole)),
  )
}

function* fields(message: Uint8Array): Iterable<Field> {
  let at = 0
  const varint = () => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] as number
      value += (byte & 127) * 2 ** shift
      if (byte < 128) return value
    }
  }
  while (at < message.length) {
    const start = at
    const tag = varint()
    let value: Uint8Array = new Uint8Array(0)
    if ((tag & 7) === 0) varint()
    else if ((tag & 7) === 1) at += 8
    else if ((tag & 7) === 5) at += 4
    else {
      const length = varint()
      value = message.subarray(at, at + length)
      at += length
    }
    yield { number: tag >>> 3, value, whole: message.subarray(start, at) }
  }
}

function bytesField(number: number, value: Uint8Array): Uint8Array {
  const head = [(number << 3) | 2]
  let length = value.length
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128)
  return Buffer.concat([Buffer.from([...head, length]), value])
}
