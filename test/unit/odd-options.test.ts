import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { isRerankerError } from '../../src/errors.js'
import { createReranker as createInPage } from '../../src/index.js'
import { createReranker as createInNode, pullModel } from '../../src/node/index.js'
import type { ModelOptions } from '../../src/types.js'

/** What JavaScript lets callers pass. */
const ODD: [string, unknown][] = [
  ['null', null],
  ['a number', 0],
  ['an empty text', ''],
  ['text that is no address', 'http://['],
  ['true', true],
  ['a bigint', 5n],
  ['a symbol', Symbol('odd')],
  ['a function', () => undefined],
  ['an empty object', {}],
  ['an object without a form', Object.create(null)],
  [
    'an object whose form fails',
    {
      toString() {
        throw new Error('no')
      },
    },
  ],
  ['a list of nothing', [null]],
  ['a date that is none', new Date(Number.NaN)],
]

/** No file, and no network to look for any. */
const NOTHING = { model: {}, localFilesOnly: true, cache: false }

const FILES = { 'config.json': new Blob(['{}']), 'tokenizer.json': new Blob(['{}']) }

beforeEach(() => {
  vi.stubGlobal('Worker', class extends EventTarget {})
  vi.spyOn(console, 'warn').mockReturnValue()
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** What the caller is told. */
async function told(work: () => Promise<unknown>): Promise<unknown> {
  const error = await work().then(
    () => 'nothing',
    (reason: unknown) => reason,
  )
  return isRerankerError(error) ? 'a typed error' : error
}

const SHARED = ['model', 'modelFile', 'dtype', 'revision', 'host', 'cache', 'localFilesOnly', 'wasmPaths', 'onProgress', 'signal']

describe.each(ODD)('%s', (_, odd) => {
  test.each([...SHARED, 'device', 'threads', 'runtime', 'transformersUrl', 'worker'])('as %s in a page', async (option) => {
    expect(await told(() => createInPage({ ...NOTHING, worker: false, [option]: odd }))).toBe('a typed error')
  })

  test.each([...SHARED, 'device', 'threads', 'runtime'])('as %s in Node', async (option) => {
    expect(await told(() => createInNode({ ...NOTHING, [option]: odd }))).toBe('a typed error')
  })

  test.each(['config.json', 'tokenizer.json'])('as %s in hand', async (file) => {
    const model = { ...FILES, [file]: odd } as ModelOptions['model']
    expect(await told(() => createInNode({ ...NOTHING, model }))).toBe('a typed error')
  })

  test('as what there is to pull', async () => {
    expect(await told(() => pullModel(odd as string, { host: 'http://localhost:9' }))).toBe('a typed error')
  })
})

test('a number as text is shown as text: nobody would see the mistake in "threads is 2"', async () => {
  const { rejects } = expect(createInNode({ threads: '2' as never }))
  await rejects.toThrow('threads is "2"; it must be a whole number, from 1 to 64.')
})
