import { expect, test } from 'vitest'
import { locateModel } from '../../src/model/location.js'

const bundled = () => ({})

test('a hub is an address, with or without a slash behind it', () => {
  expect(locateModel({ model: 'owner/name', host: 'https://hub.example/mirror/' }, undefined, bundled)).toEqual({
    kind: 'hub',
    name: 'owner/name',
    host: 'https://hub.example/mirror',
    revision: 'main',
  })
})

test.each(['hub.example', '/hub', '', 'https://', 'file:///hub'])('"%s" is none, and is refused before anything is fetched', (host) => {
  expect(() => locateModel({ model: 'owner/name', host }, 'https://page.example/', bundled)).toThrow(
    expect.objectContaining({
      code: 'invalid-option',
      message: `host is "${host}"; it must be an address such as https://huggingface.co. In Node, HF_ENDPOINT sets it too.`,
    }),
  )
})

test('files may be given by their addresses, which can be posted to a worker', () => {
  const location = locateModel(
    { model: { 'config.json': new Uint8Array(2), 'a/b.onnx': new URL('https://page.example/b-1.onnx') } },
    undefined,
    bundled,
  )
  expect(location).toEqual({
    kind: 'files',
    name: 'https://page.example/b-1.onnx',
    files: { 'config.json': new Uint8Array(2), 'a/b.onnx': 'https://page.example/b-1.onnx' },
  })
  expect(structuredClone(location)).toEqual(location)
})

test.each([
  [
    'page-rerank-small-cn',
    'did you mean page-rerank-small-en? It must be page-rerank-small-en, page-rerank-tiny-en, page-rerank-small-zh,',
  ],
  ['page-rerank-smallzh', 'did you mean page-rerank-small-zh? It must be'],
  ['bge-reranker-v2m3', 'did you mean bge-reranker-v2-m3? It must be'],
  ['minilm', 'it must be page-rerank-small-en,'],
])('%s is no model: %s', (model, advice) => {
  expect(() => locateModel({ model }, undefined, bundled)).toThrow(`model is "${model}"; ${advice}`)
})
