import type { DocumentStore } from '../core/late-interaction/stored-documents.js'
import { withoutQuery } from '../core/without-query.js'
import type { FileStore } from '../model/cache/file-store.js'
import { weightFiles } from '../model/describe/manifest.js'
import type { LoadedModel } from '../model/load-model.js'
import { fileOf } from '../model/location.js'
import type { Dtype } from '../types.js'

/**
 * What a model has read, beside its own files in the cache: listed with them, and deleted with them.
 *
 * @returns undefined for a model that has no address
 */
export function createDocumentStore(
  openStore: () => Promise<FileStore | undefined>,
  model: LoadedModel,
  dtype: () => Dtype,
): DocumentStore | undefined {
  const addressOf = (name: string) => {
    const beside = fileOf(model.location, name)
    if (typeof beside === 'string') return beside
    // A model whose files have an address each.
    const weights = fileOf(model.location, weightFiles(model.manifest, dtype()).file)
    return typeof weights === 'string' ? `${withoutQuery(weights)}-read/${name}` : undefined
  }
  if (addressOf('read.index') === undefined) return undefined
  const address = (name: string) => addressOf(name) as string
  const store = async () => {
    const opened = await openStore()
    if (opened) return opened
    throw new Error('There is no storage here.')
  }
  return {
    async list() {
      return (await store()).list(address(`read-${dtype()}-`))
    },
    async read(name) {
      const stored = await (await store()).find({ url: address(name), file: name })
      return (await stored?.open())?.bytes()
    },
    async write(pieces) {
      const name = `read-${dtype()}-${Date.now().toString(36)}-${crypto.randomUUID().slice(0, 8)}.index`
      await (await store()).put({ url: address(name), file: name, model: model.location.name, id: model.manifest.id }, pieces)
      return name
    },
    async exclusively(work) {
      return (await store()).exclusively(address(`read-${dtype()}-`), work)
    },
    async remove(name) {
      await (await store()).remove({ url: address(name), file: name })
    },
  }
}
