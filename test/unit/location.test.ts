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
    name: 'files',
    files: { 'config.json': new Uint8Array(2), 'a/b.onnx': 'https://page.example/b-1.onnx' },
  })
  expect(structuredClone(location)).toEqual(location)
})
