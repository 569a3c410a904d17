import { wasm, worker } from './assets/library.js'
import { webgpu } from './assets/webgpu.js'
import { createWith } from './client/create-reranker.js'
import { type CreateRerankerOptions as AllOptions, readCreateOptions } from './client/options.js'
import { InvalidInputError } from './errors.js'
import type { LocalReranker } from './types.js'

export interface CreateRerankerOptions extends AllOptions {
  model: NonNullable<AllOptions['model']>
}

/**
 * `createReranker` of `page-rerank` for sites that bring a model: a bundler copies none.
 *
 * @example
 * import { createReranker } from 'page-rerank/no-model'
 * import { tinyEn } from 'page-rerank-tiny-en'
 * const reranker = await createReranker({ model: tinyEn })
 *
 * @throws as `createReranker` of `page-rerank`
 */
export async function createReranker(options: CreateRerankerOptions): Promise<LocalReranker> {
  // Whoever has no compiler to say so gives nothing at all.
  const read = readCreateOptions(options ?? {})
  if (read.model === undefined) throw noModel()
  return createWith(
    {
      worker,
      ort: () => ({ wasm: wasm(), ...webgpu() }),
      model: () => {
        throw noModel()
      },
    },
    read,
  )
}

function noModel(): InvalidInputError {
  return new InvalidInputError(
    'invalid-option',
    'page-rerank/no-model brings no model. Pass one as model, or import createReranker from page-rerank, which has page-rerank-small-en.',
    { option: 'model' },
  )
}

export * from './page-exports.js'
