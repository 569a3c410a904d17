import { readFileSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { isInnerPath } from '../../src/core/inner-path.js'
import { selfTest } from '../../src/core/self-test.js'
import { createTokenizer } from '../../src/core/tokenizer.js'
import { isBounded } from '../../src/core/tokenizer-limits.js'
import { isRerankerError, ModelLoadError } from '../../src/errors.js'
import { externalDataOf } from '../../src/model/describe/external-data.js'
import { createManifest, type FileFacts, weightFiles } from '../../src/model/describe/manifest.js'
import { readConfigJson, readManifestJson } from '../../src/model/describe/read-json.js'
import { download } from '../../src/model/download/download.js'
import { type Fetch, fileInMemory } from '../../src/model/download/file-reader.js'
import { askHub, parseRevision } from '../../src/model/download/hub-revision.js'
import { MemoryPartialFile } from '../../src/model/download/memory-partial-file.js'
import { DTYPES } from '../../src/types.js'
import { moveWeightsOut } from '../support/external-data.js'
import { mutateBytes, mutateJson } from '../support/mutate.js'
import { Random } from '../support/random.js'

/**
 * What a model's folder or hub may send, spoilt at random, the same way in every run: each time a typed error or a right
 * result, and soon. `SECURITY.md` says what is promised.
 */
const read = (path: string) => readFileSync(`test/reference/${path}`)
const json = (path: string) => JSON.parse(read(path).toString()) as Record<string, unknown>

/** What `work` gives, or undefined where it throws one of our errors. */
function typed<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof ModelLoadError && isRerankerError(error) && error.message.length < 70_000) return undefined
    throw error
  }
}

describe('page-rerank.json and config.json', () => {
  const manifest = {
    id: 'a model',
    kind: 'late-interaction',
    revision: 'abc',
    architecture: 'bert',
    languages: ['en'],
    license: 'MIT',
    maxLength: 256,
    activation: 'sigmoid',
    complete: true,
    firstStageWeight: 1,
    dtypes: { q8: { file: 'onnx/model_quantized.onnx' }, fp32: { file: 'onnx/model.onnx', externalData: ['onnx/model.onnx_data'] } },
    recommended: { wasm: 'q8' },
    tolerance: { q8: 0.1 },
    bytes: { q8: 1000 },
    files: { 'config.json': { bytes: 10, sha256: 'a'.repeat(64) } },
    canaries: [{ query: 'q', document: 'd', logit: 1 }],
    prompt: { text: '{query} {document}', yes: 'yes', no: 'no' },
    dimensions: 384,
    queryMaxLength: 32,
    codes: { bits: 3, step: 1, scales: [1, 1, 1], shortlist: 50 },
    terms: { weights: { cos: 1 }, scale: 1, shift: 0, rarity: 'rarity.bin' },
    markers: { query: '[Q] ', document: '[D] ' },
    queryExpansion: 'unattended',
    skipWords: ['!', '.'],
    lowercase: true,
    projection: [{ file: '1_Dense/model.safetensors', inputs: 384, outputs: 96, bias: false, activation: 'Identity', residual: false }],
  }
  const config = json('bert/config.json')

  test('as they are, every field is taken over', () => {
    expect(readManifestJson(manifest, 'a model')).toEqual(manifest)
  })

  test.each([
    null,
    [],
    'x',
    { firstStageWeight: 'abc' },
    { firstStageWeight: -5 },
    { firstStageWeight: {} },
    { tolerance: { q8: 'loose' } },
    { tolerance: { q8: Number.POSITIVE_INFINITY } },
    { tolerance: [] },
    { canaries: 'abc' },
    { canaries: [null] },
    { canaries: [{}] },
    { canaries: [{ query: 'q', document: 'd', logit: 'abc' }] },
    { codes: { ...manifest.codes, shortlist: 'abc' } },
    { codes: { ...manifest.codes, shortlist: 0 } },
    { codes: { bits: 3, step: 1, scales: [1] } },
    { maxLength: -5 },
    { markers: [] },
    { markers: { query: 5 } },
    { queryExpansion: true },
    { skipWords: 'x' },
    { projection: [{ ...manifest.projection[0], file: '../x' }] },
    { projection: [{ ...manifest.projection[0], activation: 'Exp' }] },
    { projection: [{ ...manifest.projection[0], outputs: 0 }] },
    { languages: 'en' },
    { dtypes: {} },
    { dtypes: [] },
    { dtypes: { q8: 5 } },
    { dtypes: { q8: { file: 5 } } },
    { recommended: { wasm: 'q99' } },
    { files: { 'config.json': 5 } },
    { files: { 'config.json': { bytes: -1 } } },
    { files: { 'config.json': { bytes: 1, sha256: 'x' } } },
  ])('manifest %j is refused', (spoilt) => {
    expect(() => readManifestJson(spoilt, 'a model')).toThrow(ModelLoadError)
  })

  test.each([
    null,
    { model_type: 'constructor' },
    { model_type: '__proto__' },
    { architectures: 'x' },
    { architectures: {}, model_type: 5 },
    { ...config, architectures: [5], max_position_embeddings: 4 },
  ])('config %j is refused', (spoilt) => {
    expect(() => createManifest('a model', 'main', readConfigJson(spoilt, 'a model'))).toThrow(ModelLoadError)
  })

  test('null is a field that is not given; dtypes that a later version knows are left out', () => {
    expect(readManifestJson({ tolerance: null, languages: null, dtypes: { q2: {}, q8: { file: 'x.onnx' } } }, 'a model')).toEqual({
      dtypes: { q8: { file: 'x.onnx' } },
    })
  })

  test('1,000 spoilt ones', () => {
    const random = new Random(1)
    let refused = 0
    for (let i = 0; i < 1000; i++) {
      const spoilt = mutateJson(manifest, random)
      const made = typed(() => {
        const said = readManifestJson(spoilt, 'a model')
        return createManifest('a model', 'main', readConfigJson(i % 2 ? mutateJson(config, random) : config, 'a model'), said)
      })
      if (!made) refused++
      if (!made) continue
      for (const dtype of DTYPES) {
        const { file, externalData = [] } = weightFiles(made, dtype)
        expect([file, ...externalData].every(isInnerPath)).toBe(true)
      }
      expect(Object.keys(made.files).every(isInnerPath)).toBe(true)
      expect(made.terms?.rarity === undefined || isInnerPath(made.terms.rarity)).toBe(true)
      expect((made.projection ?? []).every(({ file }) => isInnerPath(file))).toBe(true)
      const numbers = [
        made.maxLength,
        made.maxPositions,
        made.firstStageWeight,
        ...Object.values(made.tolerance),
        ...made.canaries.map(({ logit }) => logit),
      ]
      expect(numbers.every(Number.isFinite)).toBe(true)
      expect(made.maxLength).toBeGreaterThanOrEqual(8)
      expect(Object.getPrototypeOf(made)).toBe(Object.prototype)
    }
    expect(refused).toBeGreaterThan(300)
    expect(refused).toBeLessThan(990)
  })
})

describe('tokenizer.json', () => {
  const ODD_PARTS = [
    null,
    0,
    -1,
    1e9,
    '',
    'x',
    [],
    {},
    '[PAD]',
    'Regex',
    { Regex: '(a+)+$' },
    { Regex: '[' },
    { Regex: '' },
    { String: '' },
    { type: 'Sequence', processors: [] },
    { type: 'Lowercase' },
    { type: 'Split', pattern: { Regex: '\\s+' }, behavior: 'Isolated', invert: false },
  ]
  const TEXTS = ['A loaf keeps for 3 days. 面包', '', ' ', 'x'.repeat(300), '\ud800👩‍👩‍👧\u0000', `${'a '.repeat(300)}!`]

  /** With a vocabulary small enough to be read a hundred times. */
  function small(model: string) {
    const tokenizer = json(`${model}/tokenizer.json`) as { model: { vocab: object; merges?: unknown[] }; added_tokens?: unknown[] }
    const { vocab } = tokenizer.model
    tokenizer.model.vocab = Array.isArray(vocab) ? vocab.slice(0, 400) : Object.fromEntries(Object.entries(vocab).slice(0, 400))
    if (tokenizer.model.merges) tokenizer.model.merges = []
    return tokenizer
  }

  test.each(['bert', 'roberta', 'modernbert', 'deberta-v2', 'xlm-roberta', 'qwen3'])('100 spoilt ones of %s', (model) => {
    const random = new Random(2)
    const whole = small(model)
    const config = json(`${model}/tokenizer_config.json`)
    let refused = 0
    for (let i = 0; i < 100; i++) {
      const spoilt = mutateJson(whole, random, ODD_PARTS)
      const start = performance.now()
      const tokenizer = typed(() => createTokenizer(spoilt, i % 3 ? config : mutateJson(config, random, ODD_PARTS)))
      if (!tokenizer) refused++
      for (const text of TEXTS) {
        const ids = tokenizer && typed(() => tokenizer.encodeDocument(text, 50))
        if (ids && !ids.every((id) => Number.isSafeInteger(id) && id >= 0)) expect.fail(`ids ${ids.slice(0, 5)} of case ${i}`)
      }
      expect(performance.now() - start).toBeLessThan(2000)
    }
    expect(refused).toBeLessThan(100)
  })

  test.each(['(a+)+$', '(a|a)*b', '(a|aa)+$', '(?:a?){30}a{30}', '(a*)*', '(x+x+)+y', '(a)\\1+', '(?<n>a)\\k<n>'])(
    'pattern %s is refused',
    (Regex) => {
      const spoilt = { ...small('roberta'), pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false } }
      expect(() => createTokenizer(spoilt, {})).toThrow('can take for ever')
    },
  )

  test.each([
    // GPT-2, GPT-4, GPT-4o, BLOOM, DeepSeek
    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}]*[\\p{Ll}\\p{Lm}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s+",
    ' ?[^(\\s|[.,!?…。，、।۔،])]+',
    '[一-龥ࠀ-一가-퟿]+',
    '\\(+|\\)+|[)*+]*',
  ])('pattern %s is not', (pattern) => {
    expect(isBounded(pattern)).toBe(true)
  })

  test.each([
    [
      'a piece as long as a text',
      {
        model: {
          type: 'Unigram',
          vocab: [
            ['<unk>', 0],
            ['x'.repeat(300), -1],
          ],
          unk_id: 0,
        },
      },
    ],
    ['words without end', { model: { type: 'WordPiece', vocab: { '[UNK]': 0 }, unk_token: '[UNK]', max_input_chars_per_word: 1e9 } }],
    ['a text that grows with every space', { normalizer: { type: 'Replace', pattern: { String: ' ' }, content: 'x'.repeat(1e6) } }],
    ['a character map that says it has 4 GB', { normalizer: { type: 'Precompiled', precompiled_charsmap: btoa('\xff\xff\xff\xff0000') } }],
    ['steps within steps', { normalizer: nested(200) }],
  ])('%s: refused', (_, part) => {
    expect(() => createTokenizer({ ...small('bert'), ...part }, {})).toThrow(ModelLoadError)
  })

  function nested(depth: number): object {
    return depth === 0 ? { type: 'Lowercase' } : { type: 'Sequence', normalizers: [nested(depth - 1)] }
  }
})

test('a self-test is not passed by a number that is none', async () => {
  const session = {
    policy: { maxInputs: 9, maxTokens: 99, padding: 'longest' as const },
    run: async () => [1, 2],
    release: async () => undefined,
  }
  const input = { inputIds: new Int32Array(2), tokenTypeIds: new Int32Array(2) }
  const canaries = (expected: number[]) => ({
    inputs: [input, input],
    logits: (outputs: readonly number[]) => [...outputs],
    expected,
    distance: () => 0,
    maxPositions: 512,
  })
  expect(await selfTest(session, canaries([1, 2]), 0.1)).toMatchObject({ result: 'passed' })
  await expect(selfTest(session, canaries([1, Number.NaN]), 0.1)).rejects.toThrow('self-test was off')
  await expect(selfTest(session, canaries([1, 2]), Number.NaN)).rejects.toThrow('self-test was off')
})

test('1,000 spoilt graphs: names beside the graph, or an error', async () => {
  const random = new Random(3)
  const { graph } = moveWeightsOut(read('bert/onnx/model.onnx'), ['model.onnx_data', 'model.onnx_data_1'])
  // The part that names them is what matters; a whole graph has mostly nodes.
  let named = 0
  for (let i = 0; i < 1000; i++) {
    const names = await externalDataOf(fileInMemory(mutateBytes(graph, random)), 'model.onnx').catch((error) => {
      if (error instanceof ModelLoadError) return []
      throw error
    })
    expect(names.every(isInnerPath)).toBe(true)
    if (names.length === 2) named++
  }
  expect(named).toBeGreaterThan(100)
})

describe('a hub’s list of files', () => {
  const LOCATION = { kind: 'hub', host: 'https://hub.example', name: 'owner/name', revision: 'main' } as const
  const answer =
    (body: BodyInit | null, init?: ResponseInit): Fetch =>
    async () =>
      new Response(body, init)
  const list = {
    sha: 'a'.repeat(40),
    siblings: [
      { rfilename: 'config.json', size: 10, blobId: 'b'.repeat(40) },
      { rfilename: 'onnx/model.onnx', size: 10, lfs: { sha256: 'c'.repeat(64), size: 1e6, pointerSize: 134 } },
    ],
  }

  test('as it is', async () => {
    expect(await askHub(LOCATION, answer(JSON.stringify(list)))).toEqual({
      commit: list.sha,
      files: { 'config.json': { bytes: 10, gitSha1: 'b'.repeat(40) }, 'onnx/model.onnx': { bytes: 1e6, sha256: 'c'.repeat(64) } },
    })
  })

  test('1,000 spoilt ones: a commit and files that can be, or nothing', async () => {
    const random = new Random(4)
    for (let i = 0; i < 1000; i++) {
      const text = JSON.stringify(mutateJson(list, random))
      const body = i % 4 ? text : mutateBytes(Buffer.from(text), random)
      const revision = await askHub(LOCATION, answer(body))
      if (!revision) continue
      expect(revision.commit).toMatch(/^[0-9a-f]{40}$/)
      // What is remembered of it is read back the same.
      expect(parseRevision(JSON.stringify(revision))).toEqual(JSON.parse(JSON.stringify(revision)))
      for (const [path, { bytes, sha256 = 'c'.repeat(64) }] of Object.entries(revision.files ?? {})) {
        expect(isInnerPath(path) && Number.isSafeInteger(bytes) && bytes >= 0 && /^[0-9a-f]{64}$/.test(sha256)).toBe(true)
      }
    }
  })

  test('one without end is not read to the end', async () => {
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 2 ** 20
        controller.enqueue(new Uint8Array(2 ** 20))
      },
    })
    expect(await askHub(LOCATION, answer(endless))).toBeUndefined()
    expect(sent).toBeLessThan(20 * 2 ** 20)
  })
})

describe('a server’s answers for a file', () => {
  const whole = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) & 255)
  const FACTS = { bytes: 5000, sha256: '' }

  /** Time flies between attempts. */
  async function settled<T>(work: Promise<T>): Promise<PromiseSettledResult<T>> {
    let result: PromiseSettledResult<T> | undefined
    Promise.allSettled([work]).then(([one]) => {
      result = one
    })
    while (!result) await vi.advanceTimersByTimeAsync(10_000)
    return result
  }

  test('1,000 at random, ranges and lengths that are lies among them: the file, or a typed error', async () => {
    const { createHash } = await import('node:crypto')
    FACTS.sha256 = createHash('sha256').update(whole).digest('hex')
    const random = new Random(5)
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let arrived = 0
    for (let i = 0; i < 1000; i++) {
      let asked = 0
      const partial = new MemoryPartialFile()
      const fetch: Fetch = async (_url, { headers = {} }) => {
        asked++
        const from = Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0)
        const status = random.pick([200, 200, 206, 206, 206, 204, 302, 401, 404, 416, 418, 429, 500, 503])
        const start = random.pick([from, from, from, 0, from + 1, random.below(6000)])
        const end = random.pick([5000, 5000, 5000, random.below(5001), 4999])
        const bytes = random.below(8) ? whole.slice(start, end) : mutateBytes(whole.subarray(start, end), random)
        const odd = () => random.pick(['', '-1', '0', 'x', '5000', '5001', '1e9', '99999999999999999999', '5000, 5000'])
        const some: Record<string, string> = {}
        if (random.below(2)) some['content-range'] = random.below(3) ? `bytes ${start}-${end - 1}/5000` : `bytes ${odd()}-${odd()}/${odd()}`
        if (random.below(2)) some['content-length'] = random.below(3) ? String(bytes.length) : odd()
        if (random.below(3) === 0) some.etag = random.pick(['"a"', '"b"', `"${FACTS.sha256}"`, 'W/"c"', 'x'])
        if (random.below(5) === 0) some['x-linked-etag'] = random.pick([`"${FACTS.sha256}"`, `"${'0'.repeat(64)}"`, 'x'])
        if (random.below(8) === 0) some['content-encoding'] = 'gzip'
        if (random.below(8) === 0) some['retry-after'] = odd()
        const body =
          status === 204
            ? null
            : new ReadableStream<Uint8Array>({
                start: (controller) => {
                  for (let at = 0; at < bytes.length; at += 1700) controller.enqueue(bytes.slice(at, at + 1700))
                  if (random.below(6)) controller.close()
                  else controller.error(new TypeError('cut off'))
                },
              })
        return new Response(body, { status, headers: some })
      }
      const facts: FileFacts | undefined = random.pick([FACTS, FACTS, { bytes: 5000 }, undefined])
      const result = await settled(download('https://host.example/file', partial, { file: 'file', facts, maxBytes: 10_000, fetch }))
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ModelLoadError)
      else if (result.value && facts?.sha256) {
        arrived++
        expect(Buffer.from(partial.bytes).equals(whole)).toBe(true)
      }
      expect(partial.length).toBeLessThanOrEqual(10_000)
      expect(asked).toBeLessThan(60)
    }
    vi.useRealTimers()
    expect(arrived).toBeGreaterThan(20)
  })

  test.each([
    ['a stream without end', {}, undefined],
    ['one that promises a petabyte', { 'content-length': '1125899906842624' }, undefined],
    ['one that goes on behind the size it should have', {}, { bytes: 3000 }],
  ])('%s: an error, after no more than the file may have', async (_, headers, facts) => {
    let sent = 0
    const endless = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => {
          sent += 1000
          controller.enqueue(new Uint8Array(1000).fill(7))
        },
      })
    const failing = download('https://host.example/file', new MemoryPartialFile(), {
      file: 'file',
      facts,
      maxBytes: 100_000,
      fetch: async () => new Response(endless(), { headers }),
    })
    await expect(failing).rejects.toMatchObject({ name: 'ModelLoadError', code: 'model-file-invalid' })
    expect(sent).toBeLessThan(110_000)
  })

  test('a size that no memory has', async () => {
    const fetch: Fetch = async () => new Response('x', { headers: { 'content-length': String(2 ** 52) } })
    const failing = download('https://host.example/file', new MemoryPartialFile(), { file: 'file', fetch })
    await expect(failing).rejects.toMatchObject({ name: 'ModelLoadError', code: 'does-not-fit' })
  })
})
