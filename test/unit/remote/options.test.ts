import { expect, test } from 'vitest'
import { createRemoteReranker, type RemoteOptions } from '../../../src/remote/index.js'
import { readRemoteOptions } from '../../../src/remote/options.js'

const refusal = (options: unknown) => {
  try {
    createRemoteReranker(options as RemoteOptions)
  } catch (error) {
    return error as { code: string; option?: string; message: string }
  }
  throw new Error('it should have been refused')
}

const good = { url: 'https://server.example', flavour: 'tei' } as const

test.each([
  [{ flavour: 'tei' }, 'url', /missing/],
  [{ url: 'https://server.example' }, 'flavour', /missing.*tei, cohere/],
  [{ ...good, url: '/rerank' }, 'url', /full address/],
  [{ ...good, url: 'rerank' }, 'url', /no address/],
  [{ ...good, url: 'ftp://server.example' }, 'url', /ftp:.*http: or https:/],
  [{ ...good, url: 'https://me:secret@server.example' }, 'url', /headers option/],
  [{ ...good, flavour: 'bge' }, 'flavour', /tei, cohere, jina/],
  [{ ...good, flavor: 'tei' }, 'flavor', /Did you mean flavour\?/],
  [{ ...good, headers: 'Bearer key' }, 'headers', /an object of headers, or a function/],
  [{ ...good, headers: { authorization: 7 } }, 'headers', /an object of headers/],
  [{ ...good, headers: { 'no name': 'x' } }, 'headers', /an object of headers/],
  [{ ...good, headers: new Map([['authorization', 7]]) }, 'headers', /an object of headers/],
  [{ ...good, headers: [['authorization', 'key']] }, 'headers', /an object of headers/],
  [{ ...good, concurrency: 2 ** 32 }, 'concurrency', /from 1 to 256/],
  [{ ...good, batchSize: 0 }, 'batchSize', /1 or more/],
  [{ ...good, concurrency: 1.5 }, 'concurrency', /whole/],
  [{ ...good, timeoutMs: 0 }, 'timeoutMs', /1 or more/],
  [{ ...good, maxRetries: -1 }, 'maxRetries', /0 or more/],
  [{ ...good, tells: 'probabilities' }, 'tells', /logits, scores/],
  [{ ...good, firstStageWeight: -1 }, 'firstStageWeight', /0 or more/],
])('%j is refused', (options, option, message) => {
  const error = refusal(options)
  expect(error).toMatchObject({ name: 'InvalidInputError', code: 'invalid-option', option })
  expect(error.message).toMatch(message)
  expect(error.message).not.toContain('secret')
})

test('an address without a path gets the flavour’s usual one, another stays as it is', () => {
  const address = (url: string | URL, flavour: RemoteOptions['flavour']) => readRemoteOptions({ url, flavour }).url.href
  expect(address('http://localhost:8080', 'tei')).toBe('http://localhost:8080/rerank')
  expect(address(new URL('https://api.cohere.com'), 'cohere')).toBe('https://api.cohere.com/v2/rerank')
  expect(address('https://api.jina.ai?a=b', 'jina')).toBe('https://api.jina.ai/v1/rerank?a=b')
  expect(address('https://site.example/api/order', 'voyage')).toBe('https://site.example/api/order')
})

test('what is not given is the flavour’s own', () => {
  expect(readRemoteOptions({ ...good })).toMatchObject({ batchSize: 32, tells: 'logits', concurrency: 4, timeoutMs: 30_000, maxRetries: 2 })
  expect(readRemoteOptions({ ...good, flavour: 'voyage', batchSize: 10 })).toMatchObject({ batchSize: 10, tells: 'scores' })
})

test('a URL of the caller’s own is copied', () => {
  const url = new URL('https://server.example')
  const read = readRemoteOptions({ url, flavour: 'tei' })
  url.hostname = 'other.example'
  expect(read.url.hostname).toBe('server.example')
  expect(url.pathname).toBe('/')
})
