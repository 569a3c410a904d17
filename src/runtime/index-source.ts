import type { IndexSource } from '../core/late-interaction/index-loading.js'
import { Sha256 } from '../core/sha256.js'
import { withoutQuery } from '../core/without-query.js'
import { IndexError, ModelLoadError } from '../errors.js'
import { type ModelManifest, weightFiles } from '../model/describe/manifest.js'
import type { FileReader } from '../model/download/file-reader.js'
import type { LoadedModel } from '../model/load-model.js'
import type { Dtype } from '../types.js'

/** Of a folder that names no revision. */
const NO_REVISION = 'local'

/**
 * Indexes by their addresses, kept as the model's files are. An index serves a model with the same encoder and the same tokenizer,
 * whatever else differs in it; on other devices and by weights of another dtype, too: docs/index-file.md says by how much logits
 * differ then.
 *
 * @param options.dtype in use
 */
export function createIndexSource({ model, reader, dtype }: { model: LoadedModel; reader: FileReader; dtype: () => Dtype }): IndexSource {
  const hashes = new Map<string, Promise<string | undefined>>()
  const hashOf = (path: string) => {
    const isProjection = model.manifest.projection?.some(({ file }) => file === path)
    const hash = hashes.get(path) ?? (isProjection ? hashOfProjection(model, path) : model.sha256Of(path))
    hashes.set(path, hash)
    hash.catch(() => hashes.delete(path))
    return hash
  }
  const { id } = model.manifest
  const requestOf = (url: string) => ({ url, file: withoutQuery(url).replace(/^.*\//, ''), model: model.location.name, id })
  return {
    async read(address, { onPiece, signal }) {
      try {
        const found = await reader.read({ ...requestOf(address), mayBeUnkept: true, onPiece, signal })
        return await found?.file.bytes()
      } catch (error) {
        // Nothing of it came that could be looked at: an HTML page, or no bytes at all.
        if (!(error instanceof ModelLoadError && error.code === 'model-file-invalid')) throw error
        throw new IndexError('index-invalid', `${error.message} Documents are read as they are needed.`, {
          cause: error,
          file: error.file,
        })
      }
    },
    evict: (address) => reader.evict(requestOf(address)),
    async describeModel() {
      const { id, revision } = model.manifest
      const files: Record<string, string> = {}
      for (const path of readingFiles(model, dtype())) {
        const hash = await hashOf(path)
        if (hash !== undefined) files[path] = hash
      }
      // The path of a folder on the machine where it was built is nobody else's business.
      const name = id.startsWith('file:') ? id.replace(/\/$/, '').replace(/^.*\//, '') : id
      return { id: name, revision, dtype: dtype(), files, form: formOf(model.manifest) }
    },
    async findMismatch(index) {
      const { id, revision } = model.manifest
      if (index.form !== formOf(model.manifest)) return `${id} (revision ${revision}), the model in use, does something else to texts`
      const inUse = readingFiles(model, dtype())
      let isKnown = true
      for (const [path, hash] of Object.entries(index.files)) {
        // Weights of another dtype are not fetched only to be compared.
        const own = model.factsOf(path)?.sha256 ?? (inUse.includes(path) ? await hashOf(path).catch(orUnknown) : undefined)
        isKnown &&= own !== undefined
        if (own !== undefined && own !== hash) return `${path} of the model in use (${id}, revision ${revision}) is another file`
      }
      if (isKnown || (index.id === id && index.revision === revision && revision !== NO_REVISION)) return undefined
      return `nothing tells that ${id} (revision ${revision}, ${dtype()}), the model in use, is the same`
    },
  }
}

/** The files that decide what is made of a text. */
function readingFiles(model: LoadedModel, dtype: Dtype): string[] {
  const { file, externalData = [] } = weightFiles(model.manifest, dtype)
  const projection = (model.manifest.projection ?? []).map((layer) => layer.file)
  return [...new Set(['tokenizer.json', file, ...externalData, ...projection])]
}

/** What is done to a document beside tokenizer and encoder. */
function formOf({ markers, skipWords = [], lowercase = false, projection = [] }: ModelManifest): string {
  const form = JSON.stringify([markers?.document ?? null, skipWords, lowercase, projection])
  return new Sha256().update(new TextEncoder().encode(form)).digest()
}

/** Its file may be that of all weights, which is not read for it. */
async function hashOfProjection(model: LoadedModel, path: string): Promise<string | undefined> {
  const told = model.factsOf(path)?.sha256
  if (told !== undefined) return told
  const bytes = await model.readProjection(path)
  return bytes && new Sha256().update(bytes).digest()
}

/** A file that cannot be had any more: then names have to do. */
function orUnknown(error: unknown): undefined {
  if (!(error instanceof ModelLoadError)) throw error
}
