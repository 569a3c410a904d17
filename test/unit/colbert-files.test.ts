import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isInnerPath } from '../../src/core/inner-path.js'
import { project } from '../../src/core/late-interaction/projection.js'
import { isRerankerError, ModelLoadError } from '../../src/errors.js'
import { createManifest } from '../../src/model/describe/manifest.js'
import { readColbert } from '../../src/model/describe/read-colbert.js'
import { readConfigJson } from '../../src/model/describe/read-json.js'
import { readTensor } from '../../src/model/describe/safetensors.js'
import { mutateBytes, mutateJson } from '../support/mutate.js'
import { Random } from '../support/random.js'

/** What ColBERT models' own files say, taken over or refused. */
type Files = Record<string, unknown>

const FILES = [
  'config.json',
  'config_sentence_transformers.json',
  'onnx_config.json',
  'artifact.metadata',
  'modules.json',
  'sentence_bert_config.json',
  '1_Dense/config.json',
  '2_Dense/config.json',
]

function filesOf(model: string): Files {
  const entries = FILES.flatMap((file): [string, unknown][] => {
    try {
      return [[file, JSON.parse(readFileSync(`test/reference/${model}/${file}`, 'utf8'))]]
    } catch {
      return []
    }
  })
  return Object.fromEntries(entries)
}

async function read(files: Files, asked: string[] = []) {
  const config = files['config.json'] === undefined ? undefined : readConfigJson(files['config.json'], 'a model')
  const said = await readColbert('a model', config, async (file) => {
    asked.push(file)
    return Object.hasOwn(files, file) ? files[file] : undefined
  })
  return said && createManifest('a model', 'main', config ?? {}, said)
}

describe('what the files say', () => {
  test('of Stanford’s form', async () => {
    expect(await read(filesOf('colbert-bert'))).toMatchObject({
      kind: 'late-interaction',
      architecture: 'bert',
      maxLength: 64,
      queryMaxLength: 32,
      dimensions: 128,
      markers: { query: '[unused0]', document: '[unused1]' },
      queryExpansion: 'unattended',
      lowercase: false,
      projection: [{ file: 'model.safetensors', inputs: 32, outputs: 128, bias: false, activation: 'Identity', residual: false }],
      terms: { weights: { sum: 1 } },
    })
  })

  test('of PyLate’s form', async () => {
    const manifest = await read(filesOf('colbert-modernbert'))
    expect(manifest).toMatchObject({
      architecture: 'modernbert',
      maxLength: 64,
      queryMaxLength: 24,
      dimensions: 24,
      markers: { query: '[Q] ', document: '[D] ' },
      lowercase: true,
      projection: [
        { file: '1_Dense/model.safetensors', inputs: 32, outputs: 64, bias: true, activation: 'GELU', residual: true },
        { file: '2_Dense/model.safetensors', inputs: 64, outputs: 24, bias: false, activation: 'Identity', residual: false },
      ],
    })
    expect(manifest?.queryExpansion).toBeUndefined()
    expect(manifest?.skipWords).toContain('!')
  })

  test('of pylate-onnx-export’s form, which has no config.json', async () => {
    const manifest = await read(filesOf('colbert-onnx'))
    expect(manifest).toMatchObject({ architecture: 'colbert', dimensions: 24, lowercase: true, maxLength: 64, maxPositions: 512 })
    expect(manifest?.dtypes).toEqual({ fp32: { file: 'model.onnx' }, int8: { file: 'model_int8.onnx' } })
    expect(manifest?.complete).toBe(false)
    expect(manifest?.projection).toBeUndefined()
  })

  test('the authors’ own words go before the exporter’s', async () => {
    const both = { ...filesOf('colbert-modernbert'), 'onnx_config.json': { query_length: 99, do_query_expansion: true, embedding_dim: 24 } }
    const manifest = await read(both)
    expect([manifest?.queryMaxLength, manifest?.queryExpansion]).toEqual([24, undefined])
  })

  test('what nobody says is as PyLate has it', async () => {
    const files = {
      'config.json': { model_type: 'bert', architectures: ['HF_ColBERT'], hidden_size: 32 },
      'artifact.metadata': { dim: 96 },
    }
    expect(await read(files)).toMatchObject({
      markers: { query: '[unused0]', document: '[unused1]' },
      queryMaxLength: 32,
      maxLength: 180,
      queryExpansion: 'unattended',
      dimensions: 96,
    })
  })

  test('a marker may be nothing', async () => {
    const files = filesOf('colbert-modernbert')
    const none = { ...(files['config_sentence_transformers.json'] as object), query_prefix: '', document_prefix: '' }
    expect((await read({ ...files, 'config_sentence_transformers.json': none }))?.markers).toEqual({})
  })

  test('other models’ files say nothing of ColBERT', async () => {
    const config = { model_type: 'bert', architectures: ['BertModel'] }
    expect(await read({ 'config.json': config })).toBeUndefined()
    expect(await read({ 'config.json': config, 'config_sentence_transformers.json': { prompts: {} } })).toBeUndefined()
  })
})

describe('hostile files', () => {
  const pylate = filesOf('colbert-modernbert')
  const modules = (path: string) => ({ ...pylate, 'modules.json': [{ idx: 0, name: '0', path, type: 'pylate.models.Dense.Dense' }] })

  test.each(['../other', '/etc', 'https://example.org/x', 'a/../../b', 'C:\\x', 'x\0'])(
    'a module in %j is refused before it is asked for',
    async (path) => {
      const asked: string[] = []
      await expect(read(modules(path), asked)).rejects.toThrow(expect.objectContaining({ code: 'model-file-invalid' }))
      expect(asked.filter((file) => !FILES.includes(file))).toEqual([])
    },
  )

  test.each([
    ['modules.json', [{ idx: 0, path: '', type: 'sentence_transformers.models.Pooling' }], /no ColBERT model has/],
    ['modules.json', 'x', /list/],
    ['1_Dense/config.json', { in_features: 32, out_features: 5, activation_function: 'os.system' }, /activation_function/],
    ['1_Dense/config.json', { in_features: 32, out_features: 1e12 }, /out_features/],
    ['1_Dense/config.json', undefined, /an object/],
    ['2_Dense/config.json', { in_features: 7, out_features: 5 }, /does not follow/],
    ['config_sentence_transformers.json', { query_prefix: '[Q] ', query_length: -1 }, /query_length/],
    ['config_sentence_transformers.json', { query_prefix: 5 }, /query_prefix/],
    ['config_sentence_transformers.json', { query_prefix: '[Q] ', skiplist_words: [5] }, /skiplist_words/],
  ] as const)('%s with %j', async (file, spoilt, message) => {
    await expect(read({ ...pylate, [file]: spoilt })).rejects.toThrow(message)
  })

  test('1,000 spoilt folders: a typed error, or paths inside and numbers that are some', async () => {
    const random = new Random(3)
    let refused = 0
    for (let i = 0; i < 1000; i++) {
      const files = filesOf(random.pick(['colbert-bert', 'colbert-modernbert', 'colbert-onnx']) as string)
      const file = random.pick(Object.keys(files)) as string
      const asked: string[] = []
      try {
        const manifest = await read({ ...files, [file]: mutateJson(files[file], random) }, asked)
        for (const { file, inputs, outputs } of manifest?.projection ?? []) {
          expect(isInnerPath(file)).toBe(true)
          expect(inputs * outputs).toBeGreaterThan(0)
        }
        if (manifest) expect([manifest.maxLength, manifest.queryMaxLength, manifest.dimensions].every(Number.isInteger)).toBe(true)
      } catch (error) {
        expect(error instanceof ModelLoadError && isRerankerError(error)).toBe(true)
        refused++
      }
      expect(asked.every(isInnerPath)).toBe(true)
    }
    expect(refused).toBeGreaterThan(100)
  })
})

describe('safetensors', () => {
  const file = readFileSync('test/reference/colbert-modernbert/1_Dense/model.safetensors')

  test('a tensor is found by its name', () => {
    const weight = readTensor(file, 'linear.weight', 'x')
    expect(weight?.shape).toEqual([64, 32])
    expect(weight?.data.every(Number.isFinite)).toBe(true)
    expect(readTensor(file, 'nothing', 'x')).toBeUndefined()
  })

  const make = (header: unknown, data: Uint8Array = new Uint8Array(8)) => {
    const text = new TextEncoder().encode(JSON.stringify(header))
    const bytes = new Uint8Array(8 + text.length + data.length)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
    bytes.set(text, 8)
    bytes.set(data, 8 + text.length)
    return bytes
  }

  test('half floats and bfloat16', () => {
    const data = Uint8Array.of(0x00, 0x3c, 0x00, 0xc0, 0x80, 0x3f, 0x00, 0xc0)
    const header = { a: { dtype: 'F16', shape: [2], data_offsets: [0, 4] }, b: { dtype: 'BF16', shape: [1, 2], data_offsets: [4, 8] } }
    expect([...(readTensor(make(header, data), 'a', 'x')?.data ?? [])]).toEqual([1, -2])
    expect([...(readTensor(make(header, data), 'b', 'x')?.data ?? [])]).toEqual([1, -2])
  })

  test.each([
    { a: { dtype: 'I64', shape: [1], data_offsets: [0, 8] } },
    { a: { dtype: 'F32', shape: [1e9], data_offsets: [0, 4e9] } },
    { a: { dtype: 'F32', shape: [2], data_offsets: [4, 12] } },
    { a: { dtype: 'F32', shape: [-1], data_offsets: [0, -4] } },
    { a: { dtype: 'F32', shape: 'x', data_offsets: [0, 8] } },
    { a: { dtype: 'F32', shape: [2], data_offsets: [8, 0] } },
    { a: null },
  ])('%j is refused', (header) => {
    expect(() => readTensor(make(header), 'a', 'x')).toThrow(expect.objectContaining({ code: 'model-file-invalid' }))
  })

  test('spoilt ones: a typed error, or as many numbers as the shape says', () => {
    const random = new Random(4)
    for (let i = 0; i < 500; i++) {
      try {
        const tensor = readTensor(mutateBytes(file, random), 'linear.weight', 'x')
        if (tensor) expect(tensor.data).toHaveLength(tensor.shape.reduce((product, length) => product * length, 1))
      } catch (error) {
        expect(error instanceof ModelLoadError).toBe(true)
      }
    }
  })
})

describe('dense layers', () => {
  const layer = { inputs: 2, outputs: 2, weight: Float32Array.of(1, 2, 3, 4), activation: 'Identity' } as const

  test('rows times weights, bias, activation, residual, one layer after the other', () => {
    const states = Float32Array.of(1, 0, 0, 1)
    expect([...project(states, [layer])]).toEqual([1, 3, 2, 4])
    expect([...project(states, [{ ...layer, bias: Float32Array.of(-9, 1), activation: 'ReLU' }])]).toEqual([0, 4, 0, 5])
    expect([...project(states, [{ ...layer, residual: 'input' }])]).toEqual([2, 3, 2, 5])
    expect([...project(states, [{ ...layer, residual: Float32Array.of(0, 1, 1, 0) }])]).toEqual([1, 4, 3, 4])
    expect([...project(states, [layer, layer])]).toEqual([7, 15, 10, 22])
  })

  test.each([
    ['GELU', 0.841345, -0.158655],
    ['SiLU', 0.731059, -0.268941],
    ['Tanh', 0.761594, -0.761594],
    ['Sigmoid', 0.731059, 0.268941],
  ] as const)('%s, as Torch has it', (activation, ofOne, ofMinusOne) => {
    const [one, minusOne] = project(Float32Array.of(1, -1), [{ inputs: 1, outputs: 1, weight: Float32Array.of(1), activation }])
    expect(one).toBeCloseTo(ofOne, 5)
    expect(minusOne).toBeCloseTo(ofMinusOne, 5)
  })
})
