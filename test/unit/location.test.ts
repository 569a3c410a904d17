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
  ['page-rerank-small-cn', 'page-rerank-small-en'],
  ['page-rerank-smallzh', 'page-rerank-small-zh'],
  ['bge-reranker-v2m3', 'bge-reranker-v2-m3'],
  ['minilm', undefined],
])('%s is no model; %s may be meant', (model, meant) => {
  const { message } = failure(() => locateModel({ model }, undefined, bundled))
  expect(message).toContain(`model is "${model}"; it must be page-rerank-small-en, page-rerank-tiny-en, page-rerank-small-zh, a known`)
  expect(/ Did you mean (.+)\?$/.exec(message)?.[1]).toBe(meant)
})

function failure(call: () => unknown): Error {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  return expect.fail('it was taken')
}
