import { describe, expect, test } from 'vitest'
import { createManifest, type ModelManifest } from '../../src/model/describe/manifest.js'
import { type GpuProbe, planCandidates } from '../../src/runtime/candidates.js'

const CONFIG = { model_type: 'bert', architectures: ['BertForSequenceClassification'], id2label: { 0: 'LABEL_0' } }
const unknown = createManifest('owner/name', 'main', CONFIG)
const known = createManifest('own', '1', CONFIG, {
  dtypes: { q8: { file: 'a' }, q4: { file: 'b' } },
  recommended: { webgpu: 'q4', wasm: 'q8' },
} as Partial<ModelManifest>)
const gpu: GpuProbe = { available: true, adapter: 'some gpu', shaderF16: false, software: false }

const plan = (...args: Parameters<typeof planCandidates>) => {
  const { candidates, fallbacks } = planCandidates(...args)
  return {
    tried: candidates.map(({ device, dtype }) => `${device} ${dtype}`),
    given: fallbacks.map(({ device, code }) => `${device} ${code}`),
  }
}

describe('planCandidates', () => {
  test('a known model: its recommended dtypes, nothing it does not have', () => {
    expect(plan({}, known, gpu, ['wasm'])).toEqual({ tried: ['webgpu q4', 'wasm q8'], given: [] })
  })

  test('an unknown model: half precision only where the GPU has it', () => {
    expect(plan({}, unknown, gpu, ['wasm']).tried).toEqual(['webgpu fp32', 'webgpu q4', 'wasm q8', 'wasm int8', 'wasm uint8', 'wasm fp32'])
    expect(plan({}, unknown, { ...gpu, shaderF16: true }, ['wasm']).tried[0]).toBe('webgpu fp16')
  })

  test('no GPU, and why', () => {
    expect(plan({}, known, { available: false, code: 'no-adapter', reason: 'none' }, ['wasm'])).toEqual({
      tried: ['wasm q8'],
      given: ['webgpu no-adapter'],
    })
  })

  test('a software GPU only where it is asked for', () => {
    const software = { ...gpu, software: true }
    expect(plan({}, known, software, ['wasm'])).toEqual({ tried: ['wasm q8'], given: ['webgpu slower'] })
    expect(plan({ device: 'webgpu' }, known, software, ['wasm']).tried[0]).toBe('webgpu q4')
  })

  test('int8 never on a GPU, fp16 not without shader-f16', () => {
    expect(plan({ dtype: 'q8' }, known, gpu, ['wasm'])).toEqual({ tried: ['wasm q8'], given: ['webgpu unsupported-dtype'] })
    expect(plan({ device: 'webgpu', dtype: 'fp16' }, unknown, gpu, ['wasm'])).toEqual({
      tried: ['wasm fp16'],
      given: ['webgpu unsupported-dtype'],
    })
  })

  test('in Node the CPU, then WASM', () => {
    expect(plan({}, known, undefined, ['cpu', 'wasm']).tried).toEqual(['cpu q8', 'wasm q8'])
  })

  test('device wasm asks no GPU', () => {
    expect(plan({ device: 'wasm' }, known, gpu, ['wasm'])).toEqual({ tried: ['wasm q8'], given: [] })
  })
})

describe('createManifest', () => {
  test('positions of the RoBERTa family start behind the padding index', () => {
    const roberta = { ...CONFIG, model_type: 'xlm-roberta', max_position_embeddings: 514 }
    expect(createManifest('x', 'main', roberta).maxPositions).toBe(512)
    expect(createManifest('x', 'main', { ...CONFIG, max_position_embeddings: 512 }).maxPositions).toBe(512)
  })

  test('a config without labels has transformers’ two', () => {
    expect(() => createManifest('x', 'main', { model_type: 'bert' })).toThrow(/2 labels/)
  })
})
