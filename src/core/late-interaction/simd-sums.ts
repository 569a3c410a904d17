import { type AskedQuery, NIBBLES } from './asked-query.js'
import { BLOCK, type KeptText, planeBytes } from './kept-text.js'
import type { Sums, SumUp } from './sums.js'

/** What kernels/sum-up.ts exports; pointers are byte addresses in `memory`. */
interface Kernel {
  memory: WebAssembly.Memory
  sumUp(
    documents: number,
    count: number,
    out: number,
    table: number,
    weights: number,
    rows: number,
    planes: number,
    bytes: number,
    scratch: number,
  ): void
}

/** Bytes of codes that are copied into the kernel's memory at a time. */
const CHUNK_BYTES = 2 ** 20

/** A document's sums, float64 each. */
const SUMS = 4

/**
 * The sums in WebAssembly with 128-bit SIMD: the same integers as `sumUp`, some ten times as fast.
 *
 * @param module compiled kernels/sum-up.ts
 * @throws where the engine has no SIMD
 */
export function createSimdSumUp(module: BufferSource): SumUp {
  // Two kilobytes: compiling them takes less than a task.
  const instance = new WebAssembly.Instance(new WebAssembly.Module(module), {})
  const kernel = instance.exports as unknown as Kernel
  return (query, texts, bits) => {
    const sums: Sums[] = []
    const dimensions = query.values.length / query.rows
    for (let from = 0; from < texts.length; ) {
      let to = from
      let bytes = 0
      while (to < texts.length && (to === from || bytes < CHUNK_BYTES)) {
        bytes += bits * planeBytes((texts[to++] as KeptText).tokens, dimensions)
      }
      runChunk(kernel, query, texts.slice(from, to), bytes, bits, sums)
      from = to
    }
    return sums
  }
}

function runChunk(
  kernel: Kernel,
  { rows, values, table, weights }: AskedQuery,
  texts: readonly KeptText[],
  codeBytes: number,
  bits: number,
  sums: Sums[],
): void {
  const bytes = values.length / rows / 8
  // Everything in one piece of memory, each part at a multiple of 16.
  let end = 0
  const place = (size: number) => {
    const start = end
    end += Math.ceil(size / BLOCK) * BLOCK
    return start
  }
  const tableAt = place(rows * bytes * 64)
  const weightsAt = place(weights.length)
  const scratchAt = place(4 * rows * Math.max(...texts.map(({ tokens }) => Math.ceil(tokens / BLOCK))) + 4 * BLOCK)
  const documentsAt = place(texts.length * (4 + 4 * bits))
  const outAt = place(8 * SUMS * texts.length)
  const codesAt = place(codeBytes)
  const missing = end - kernel.memory.buffer.byteLength
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / 2 ** 16))

  const memory = new Uint8Array(kernel.memory.buffer)
  const words = new Uint32Array(kernel.memory.buffer)
  writeTable(memory, tableAt, table, rows, 2 * bytes)
  memory.set(weights, weightsAt)
  let word = documentsAt / 4
  let code = codesAt
  for (const text of texts) {
    words[word++] = text.tokens
    const length = planeBytes(text.tokens, 8 * bytes)
    memory.set(text.codes.subarray(0, bits * length), code)
    for (let plane = 0; plane < bits; plane++) words[word++] = code + plane * length
    code += bits * length
  }
  kernel.sumUp(documentsAt, texts.length, outAt, tableAt, weightsAt, rows, bits, bytes, scratchAt)
  const out = new Float64Array(kernel.memory.buffer, outAt, SUMS * texts.length)
  for (let i = 0; i < out.length; i += SUMS) {
    sums.push({ mean: out[i] as number, best: out[i + 1] as number, window: out[i + 2] as number, title: out[i + 3] as number })
  }
}

/** Row by row, group by group: the low bytes of its 16 sums, then the high ones. */
function writeTable(memory: Uint8Array, start: number, table: Int16Array, rows: number, groups: number): void {
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group++) {
      const at = start + (row * groups + group) * 2 * NIBBLES
      for (let nibble = 0; nibble < NIBBLES; nibble++) {
        const sum = table[(group * NIBBLES + nibble) * rows + row] as number
        memory[at + nibble] = sum & 0xff
        memory[at + NIBBLES + nibble] = (sum >> 8) & 0xff
      }
    }
  }
}
