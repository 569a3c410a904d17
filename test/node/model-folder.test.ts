import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createReranker } from 'page-rerank/node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { CreateRerankerOptions } from '../../src/node/options.js'
import { moveWeightsOut } from '../support/external-data.js'
import { enlarge, filesOf } from '../support/hub.js'
import { serve, type TestServer } from '../support/server.js'

/** A folder with a model on some site: what hosts answer, and what its own files may say. */
const WEIGHTS = 'onnx/model.onnx'
const bert = filesOf('test/reference/bert')

let server: TestServer
let cache: string
/** What the folder `/folder/` holds. */
let files: Record<string, Uint8Array>
/** Looks at a request first; false lets the folder answer. */
let before: (url: URL, response: ServerResponse, request: IncomingMessage) => boolean
let statusOfMissing: number
/** When, in seconds. */
let deployed: number
beforeEach(async () => {
  files = { ...bert }
  before = () => false
  statusOfMissing = 404
  deployed = 1
  cache = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  process.env.XDG_CACHE_HOME = cache
  server = await serve({
    folders: {},
    handler: (request, response, url) => {
      if (before(url, response, request)) return true
      const bytes = files[url.pathname.replace('/folder/', '')]
      response.statusCode = bytes ? 200 : statusOfMissing
      if (bytes) response.setHeader('last-modified', new Date(deployed * 1000).toUTCString())
      response.setHeader('content-length', bytes?.length ?? 0)
      response.end(request.method === 'HEAD' ? undefined : bytes)
      return true
    },
  })
})
afterEach(async () => {
  delete process.env.XDG_CACHE_HOME
  await server.close()
  await rm(cache, { recursive: true })
})

const json = (value: unknown) => Buffer.from(JSON.stringify(value))

async function open(options: CreateRerankerOptions = {}) {
  const reranker = await createReranker({ model: `${server.origin}/folder/`, ...options })
  const { info } = reranker
  await reranker.dispose()
  return info
}

describe('a storage service that answers 403 for what is not there', () => {
  beforeEach(() => {
    statusOfMissing = 403
  })

  test('loads without its optional files, with the weights that it has', async () => {
    delete files['tokenizer_config.json']
    const info = await open()
    expect(info.dtype).toBe('fp32')
    expect(info.fallbacks.map(({ dtype, code }) => [dtype, code])).toEqual([
      ['q8', 'missing-file'],
      ['int8', 'missing-file'],
      ['uint8', 'missing-file'],
    ])
  })

  test('one that keeps everything to itself: access denied', async () => {
    files = {}
    await expect(open()).rejects.toMatchObject({ code: 'access-denied', status: 403, file: 'config.json' })
  })

  test('weights that its manifest names, and it refuses: access denied', async () => {
    files['page-rerank.json'] = json({ dtypes: { q8: { file: 'onnx/model_quantized.onnx' } } })
    await expect(open()).rejects.toMatchObject({ code: 'access-denied', file: 'onnx/model_quantized.onnx' })
  })
})

test('a query string is kept on every file’s address; what is cached is found under another signature', async () => {
  before = (url, response) => {
    if (url.searchParams.get('sig')?.startsWith('a/b+c')) return false
    response.writeHead(403).end()
    return true
  }
  const model = `${server.origin}/folder?sig=${encodeURIComponent('a/b+c')}`
  const failure = open({ model: `${server.origin}/folder/?sig=secret` })
  await expect(failure).rejects.toMatchObject({ code: 'access-denied', message: expect.not.stringContaining('secret') })
  expect((await open({ model })).bytes.network).toBeGreaterThan(0)
  expect((await open({ model: new URL(`${model}2`) })).bytes.network).toBe(0)
})

describe('model-not-found names the addresses', () => {
  test('of a file', async () => {
    delete files['config.json']
    await expect(open()).rejects.toThrow(
      `config.json is missing from ${server.origin}/folder/: there is nothing at ${server.origin}/folder/config.json.`,
    )
  })

  test('of weights, all that were tried', async () => {
    delete files[WEIGHTS]
    const error = await open().catch((error) => error)
    expect(error.code).toBe('model-not-found')
    expect(error.message).toContain('has no q8 or int8 or uint8 or fp32 weights')
    for (const name of ['model_quantized', 'model_int8', 'model_uint8', 'model']) {
      expect(error.message).toContain(`${server.origin}/folder/onnx/${name}.onnx`)
    }
  })
})

describe('a folder that was deployed anew', () => {
  const weights = enlarge(bert[WEIGHTS] as Uint8Array, 10)

  test('is seen at the next visit; offline, what is cached is used', async () => {
    await open()
    files[WEIGHTS] = weights
    deployed++
    expect((await open()).bytes.network).toBeGreaterThanOrEqual(weights.length)
    await server.close()
    expect((await open()).bytes.network).toBe(0)
  })

  test('with its manifest: the new one’s hashes are those that count', async () => {
    const manifest = (bytes: Uint8Array) => json({ dtypes: { fp32: { file: WEIGHTS } }, files: { [WEIGHTS]: { bytes: bytes.length } } })
    files['page-rerank.json'] = manifest(bert[WEIGHTS] as Uint8Array)
    await open()
    Object.assign(files, { [WEIGHTS]: weights, 'page-rerank.json': manifest(weights) })
    deployed++
    const info = await open()
    expect(info.bytes.network).toBeGreaterThanOrEqual(weights.length)
  })
})

describe('paths in a model’s own files', () => {
  const OUTSIDE = [
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data',
    'https://other.example/model.onnx',
    '//other.example/model.onnx',
    '/logout',
    '../secret.onnx',
    'onnx/../../secret.onnx',
    'onnx/./model.onnx',
    '..\\secret.onnx',
    'C:\\secret.onnx',
    'C:secret.onnx',
    '%2e%2e/secret.onnx',
    'onnx/%2e%2e/%2e%2e/secret.onnx',
    'onnx//model.onnx',
    'onnx/.. ',
    '.. /secret.onnx',
    'model.onnx?x',
    'model.onnx#x',
    'model.onnx\n',
    ' model.onnx',
    '',
    '.',
    `${'x'.repeat(600)}.onnx`,
    7,
    null,
    ['model.onnx'],
  ]

  test.each(OUTSIDE)('dtypes: %j is refused, and nothing outside of the folder is asked for', async (file) => {
    files['page-rerank.json'] = json({ dtypes: { fp32: { file } } })
    await expect(open()).rejects.toMatchObject({ name: 'ModelLoadError', code: 'model-file-invalid', file: 'page-rerank.json' })
    expect(server.requests).toEqual(['/folder/page-rerank.json'])
  })

  test.each([
    ['externalData', { dtypes: { fp32: { file: WEIGHTS, externalData: ['../x'] } } }],
    ['externalData in another folder than the graph’s', { dtypes: { fp32: { file: WEIGHTS, externalData: ['x.onnx_data'] } } }],
    ['files', { files: { '/logout': { bytes: 1 } } }],
  ])('%s', async (_, manifest) => {
    files['page-rerank.json'] = json(manifest)
    await expect(open()).rejects.toMatchObject({ code: 'model-file-invalid', file: 'page-rerank.json' })
  })

  test.each(['../../secret', '/etc/passwd', 'file:///etc/passwd', '..'])('external data of the graph: %j', async (name) => {
    const { graph } = moveWeightsOut(bert[WEIGHTS] as Uint8Array, [name])
    files[WEIGHTS] = graph
    await expect(open({ dtype: 'fp32' })).rejects.toMatchObject({
      code: 'model-file-invalid',
      file: WEIGHTS,
      message: expect.stringContaining('not beside it'),
    })
    expect(server.requests.every((path) => path.startsWith('/folder/'))).toBe(true)
  })

  test('names of objects’ own properties are no files', async () => {
    const given = { ...files, 'page-rerank.json': json({ dtypes: { fp32: { file: 'constructor' } } }) }
    await expect(createReranker({ model: given })).rejects.toMatchObject({ code: 'model-not-found', file: 'constructor' })
  })
})

describe('a server that never ends', () => {
  test.each(['page-rerank.json', 'config.json', 'tokenizer_config.json', WEIGHTS])('%s: read no further than it may go', async (file) => {
    let sent = 0
    before = (url, response) => {
      if (url.pathname !== `/folder/${file}`) return false
      const piece = Buffer.alloc(2 ** 20, '[')
      const send = () => {
        if (response.destroyed) return
        sent += piece.length
        response.write(piece, () => setImmediate(send))
      }
      send()
      return true
    }
    const opening = open({ dtype: 'fp32' })
    // What is optional is done without.
    if (file === 'config.json' || file === WEIGHTS) await expect(opening).rejects.toMatchObject({ name: 'ModelLoadError' })
    else expect((await opening).dtype).toBe('fp32')
    expect(sent).toBeLessThan(100 * 2 ** 20)
  })

  test('a JSON file whose manifest says that it has 10 GB is not asked for', async () => {
    files['page-rerank.json'] = json({ files: { 'config.json': { bytes: 1e10 } } })
    await expect(open()).rejects.toMatchObject({ code: 'model-file-invalid', file: 'config.json' })
  })
})

test.each(['\0', '../x.onnx', 'a/../../x.onnx', 'http://x/y.onnx'])('what is no path: %j', async (path) => {
  await expect(open({ model: '\0' })).rejects.toMatchObject({ code: 'invalid-option', option: 'model' })
  await expect(open({ modelFile: path })).rejects.toMatchObject({ code: 'invalid-option', option: 'modelFile' })
})

test('the same from a folder on disk', async () => {
  const { graph } = moveWeightsOut(readFileSync('test/reference/bert/onnx/model.onnx'), ['../outside'])
  const model = { ...files, [WEIGHTS]: graph }
  await expect(createReranker({ model, dtype: 'fp32' })).rejects.toMatchObject({ code: 'model-file-invalid', file: WEIGHTS })
})
