import { describe, expect, test } from 'vitest'
import { createManifest } from '../../src/model/describe/manifest.js'
import { countParameters } from '../../src/model/describe/parameter-count.js'
import { registeredManifest } from '../../src/model/describe/registry.js'
import { weightSize } from '../../src/model/describe/weight-size.js'
import type { Candidate } from '../../src/runtime/candidates.js'
import { chooseFitting, estimateCost, type MemoryLimits } from '../../src/runtime/fit.js'

const GIB = 2 ** 30

/** BAAI/bge-reranker-v2-m3's config.json. */
const CONFIG = {
  model_type: 'xlm-roberta',
  architectures: ['XLMRobertaForSequenceClassification'],
  id2label: { 0: 'LABEL_0' },
  vocab_size: 250_002,
  hidden_size: 1024,
  num_hidden_layers: 24,
  num_attention_heads: 16,
  intermediate_size: 4096,
  max_position_embeddings: 8194,
}
const unknown = createManifest('owner/name', 'main', CONFIG)
const known = createManifest('BAAI/bge-reranker-v2-m3', 'main', CONFIG, registeredManifest('BAAI/bge-reranker-v2-m3'))
const all: Candidate[] = [
  { device: 'webgpu', dtype: 'fp32' },
  { device: 'webgpu', dtype: 'fp16' },
  { device: 'webgpu', dtype: 'q4' },
  { device: 'wasm', dtype: 'fp32' },
  { device: 'wasm', dtype: 'int8' },
]

describe('sizes', () => {
  test('parameters are counted from the config', () => {
    const { embeddings, layers } = countParameters(CONFIG) as NonNullable<ReturnType<typeof countParameters>>
    expect(embeddings).toBe(256_002_048)
    expect(layers).toBe(24 * 12 * 1024 ** 2)
    // The card counts 568 million: biases, norms, positions and the head are left out here.
    expect((embeddings + layers) / 568e6).toBeGreaterThan(0.97)
    expect(countParameters({ model_type: 'bert' })).toBeUndefined()
  })

  test('fewer key and value heads, and gated layers', () => {
    // Qwen3-0.6B: 440 million beside the embeddings, as its card has it.
    const config = {
      model_type: 'qwen3',
      vocab_size: 151_669,
      hidden_size: 1024,
      num_hidden_layers: 28,
      num_attention_heads: 16,
      num_key_value_heads: 8,
      head_dim: 128,
      intermediate_size: 3072,
    }
    expect(countParameters(config)?.layers).toBeCloseTo(440e6, -7)
  })

  test('published bytes before counted ones, a manifest’s own before both', () => {
    expect(weightSize(known, 'int8')).toMatchObject({ bytes: 570_727_094, exact: true })
    expect(weightSize(unknown, 'int8')).toMatchObject({ exact: false })
    const own = { ...known, files: { 'onnx/model_int8.onnx': { bytes: 7 } } }
    expect(weightSize(own, 'int8')).toMatchObject({ bytes: 7, exact: true })
    expect(weightSize(createManifest('x', 'main', { ...CONFIG, vocab_size: undefined }), 'q8')).toBeUndefined()
  })
})

/** What is left of `all`, in order, for bge-reranker-v2-m3 on machines from large to small. */
describe('machines', () => {
  const left = (limits: MemoryLimits, candidates = all) => {
    const fit = chooseFitting(candidates, (dtype) => weightSize(known, dtype), limits)
    return { left: fit.candidates.map(({ device, dtype }) => `${device} ${dtype}`), refused: fit.refused.map(({ reason }) => reason) }
  }

  test.each<[string, MemoryLimits, string[]]>([
    ['a desktop GPU', { gpuBuffer: 4 * GIB }, ['webgpu fp32', 'webgpu fp16', 'webgpu q4', 'wasm int8']],
    ['WebGPU’s least: 128 MiB a binding', { gpuBuffer: GIB / 8 }, ['webgpu q4', 'wasm int8']],
    ['a phone with 1 GiB', { gpuBuffer: GIB / 8, memory: GIB }, ['webgpu q4', 'wasm int8']],
    ['half a gigabyte', { gpuBuffer: GIB / 8, memory: GIB / 2 }, ['webgpu q4']],
    ['nothing told', {}, ['webgpu fp32', 'webgpu fp16', 'webgpu q4', 'wasm int8']],
    ['room for 400 MB on disk', { storage: 400e6 }, ['webgpu q4', 'webgpu fp32', 'webgpu fp16', 'wasm int8']],
  ])('%s', (_, limits, expected) => {
    expect(left(limits).left).toEqual(expected)
  })

  test('WebAssembly’s 4 GiB, with the figures', () => {
    expect(left({}, [{ device: 'wasm', dtype: 'fp32' }])).toEqual({
      left: [],
      refused: ['its fp32 weights have 2.27 GB, and WebAssembly, which holds them twice while it loads, has 4.29 GB'],
    })
  })

  test('where nothing is known nothing is refused', () => {
    expect(chooseFitting(all, () => undefined, { gpuBuffer: 1, memory: 1 }).candidates).toEqual(all)
  })
})

test('what a pair costs', () => {
  const { parameterCount } = known
  const cost = estimateCost(
    { device: 'wasm', dtype: 'int8' },
    parameterCount as NonNullable<typeof parameterCount>,
    weightSize(known, 'int8'),
  )
  expect(cost).toMatchObject({ device: 'wasm', dtype: 'int8', bytes: 570_727_094, tokens: 128 })
  expect(cost.gflop).toBeCloseTo(77.3, 1)
  expect(cost.seconds).toBeCloseTo(3.9, 1)
  expect(estimateCost({ device: 'webgpu', dtype: 'q4' }, { embeddings: 1, layers: 1 }, undefined)).not.toHaveProperty('seconds')
})
