import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createManifest } from '../../src/model/describe/manifest.js'
import { findEntry, outOfReach, type RegistryEntry, registeredManifest, registry } from '../../src/model/describe/registry.js'
import { locateModel } from '../../src/model/location.js'
import { MODEL_PACKAGES } from '../../src/model/packages.js'

const NO_BUNDLE = () => ({})
const locate = (model: string) => locateModel({ model }, undefined, NO_BUNDLE)

describe('names', () => {
  test('a name stands for the hub id of its ONNX files; a hub id for itself', () => {
    expect(locate('bge-reranker-v2-m3')).toMatchObject({ kind: 'hub', name: 'onnx-community/bge-reranker-v2-m3-ONNX' })
    expect(locate('BAAI/bge-reranker-v2-m3')).toMatchObject({ kind: 'hub', name: 'BAAI/bge-reranker-v2-m3' })
  })

  test('a model that cannot run is refused at once, with the reason', () => {
    expect(() => locate('cross-encoder/ettin-reranker-17m-v1')).toThrow(/ends before the head/)
    expect(() => locate('toString')).toThrow(/known model.s name/)
  })

  test.each(['http://', 'http://[', './x', '\0', '', 'a/b/c', 1n, Symbol('x'), 5, true])('%s is no model', (model) => {
    expect(() => locate(model as string)).toThrow(expect.objectContaining({ code: 'invalid-option', option: 'model' }))
  })

  test.each(['not a url', 'http://[', 'file:///x', '//x'])('%s is no host', (host) => {
    const locating = () => locateModel({ model: 'owner/name', host }, undefined, NO_BUNDLE)
    expect(locating).toThrow(expect.objectContaining({ code: 'invalid-option', option: 'host' }))
  })

  test('facts are found by name and by either hub id', () => {
    const entry = registry['bge-reranker-v2-m3']
    for (const model of ['bge-reranker-v2-m3', 'BAAI/bge-reranker-v2-m3', 'onnx-community/bge-reranker-v2-m3-ONNX'])
      expect(findEntry(model)).toBe(entry)
    expect(findEntry('owner/name')).toBeUndefined()
  })
})

describe('manifests', () => {
  const config = { model_type: 'bert', architectures: ['JinaBertForSequenceClassification'], max_position_embeddings: 8192 }

  test('a registered model needs no labels in its config; an unknown one does', () => {
    const known = createManifest('x', 'main', config, registeredManifest('jinaai/jina-reranker-v1-tiny-en'))
    expect(known).toMatchObject({ architecture: 'bert', maxLength: 8192, languages: ['en'], complete: false })
    expect(() => createManifest('x', 'main', config)).toThrow(/2 labels/)
  })

  test('what the positions allow limits what the card says', () => {
    const short = { ...config, max_position_embeddings: 1024 }
    expect(createManifest('x', 'main', short, registeredManifest('jinaai/jina-reranker-v1-tiny-en')).maxLength).toBe(1024)
  })
})

/** docs/models.md is read by people; this keeps it true. */
describe('docs/models.md', () => {
  const page = readFileSync('docs/models.md', 'utf8')

  const megabytes = (bytes: RegistryEntry['bytes']) =>
    Object.entries(bytes)
      .map(([dtype, count]) => `${dtype} ${count >= 10e6 ? Math.round(count / 1e6) : (count / 1e6).toFixed(1)}`)
      .join(', ') || '?'
  const row = (name: string, { id, onnx, architecture, languages, license, maxLength, parameters, bytes, activation }: RegistryEntry) =>
    `| \`${name}\` | ${id === onnx ? id : `${id}<br>${onnx}`} | ${architecture} | ${languages.join(', ') || 'many'} | ${maxLength} | ${parameters} | ${megabytes(bytes)} | ${activation} | ${license} |`

  test('has a row for every entry, and no other', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'))
    expect(rows).toEqual(Object.entries(registry).map(([name, entry]) => row(name, entry)))
  })

  test('names everything out of reach', () => {
    for (const id of Object.keys(outOfReach)) expect(page).toContain(id.replace(/(\d+m|1b)-v1$/, '*'))
  })
})

test.each(Object.keys(MODEL_PACKAGES))('the types of %s are read by TypeScript before 5.7, whose arrays have no parameter', (name) => {
  const types = readFileSync(new URL(`../../models/${name}/index.d.ts`, import.meta.url), 'utf8')
  expect(types).toMatch(/: Record<string, URL \| Uint8Array>$/m)
})
