import { readFile } from 'node:fs/promises'
import { createReranker } from 'page-rerank/node'
import { afterAll, describe, test } from 'vitest'
import type { ModelFiles } from '../../src/types.js'
import { casesOf, KINDS, type LocalCase, type LocalPlace, MODELS, withoutKernels } from './cases.js'

describe.each(KINDS)('%s', (kind) => {
  describe.each(['ort-node', 'ort-web'] as const)('in Node, on %s', (runtime) => {
    const { folder: name, files } = MODELS[kind]
    const folder = `test/reference/${name}`
    const create: LocalPlace['create'] = (options) => createReranker({ model: folder, runtime, dtype: 'fp32', ...options })
    const place: LocalPlace = {
      kind,
      create,
      createWithoutKernels: () => withoutKernels(create),
      modelFiles: async () =>
        Object.fromEntries(
          await Promise.all(files.map(async (path) => [path, new Uint8Array(await readFile(`${folder}/${path}`))])),
        ) as ModelFiles,
    }
    const cases = casesOf(kind)
    afterAll(async () => (await place.shared)?.dispose())

    test.each(Object.keys(cases))('%s', (name) => (cases[name] as LocalCase)(place))
  })
})
