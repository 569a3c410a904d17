import { readFile } from 'node:fs/promises'
import { createReranker } from 'page-rerank/node'
import { afterAll, describe, test } from 'vitest'
import type { ModelFiles } from '../../src/types.js'
import { cases, FILES, MODEL, type Place } from './cases.js'

describe.each(['ort-node', 'ort-web'] as const)('in Node, on %s', (runtime) => {
  const folder = `test/reference/${MODEL}`
  const place: Place = {
    create: (options) => createReranker({ model: folder, runtime, dtype: 'fp32', ...options }),
    modelFiles: async () =>
      Object.fromEntries(
        await Promise.all(FILES.map(async (path) => [path, new Uint8Array(await readFile(`${folder}/${path}`))])),
      ) as ModelFiles,
  }
  afterAll(async () => (await place.shared)?.dispose())

  test.each(Object.keys(cases))('%s', (name) => (cases[name] as (typeof cases)[string])(place))
})
