import { isInnerPath } from '../core/inner-path.js'
import { nearestName } from '../core/nearest-name.js'
import { describe, show } from '../core/options.js'
import { withoutQuery } from '../core/without-query.js'
import { InvalidInputError, ModelLoadError } from '../errors.js'
import type { ModelFiles, ModelOptions } from '../types.js'
import { outOfReach, type RegistryEntry, registry } from './describe/registry.js'
import { MODEL_PACKAGES } from './packages.js'

/** Where a model's files are, as plain data that can be posted to a worker. */
export type ModelLocation =
  | HubLocation
  /** Address with a final slash, and what is put behind each file's: `?` and a signature, or nothing. */
  | { kind: 'folder'; name: string; url: string; query: string }
  /** Files in hand, or their addresses. */
  | { kind: 'files'; name: string; files: Record<string, Blob | ArrayBuffer | Uint8Array | string> }
  /** The bundled model: its large files by address, its small ones compiled in. */
  | { kind: 'bundled'; name: typeof BUNDLED_MODEL; urls: Record<string, string> }

export interface HubLocation {
  kind: 'hub'
  /** `owner/name`. */
  name: string
  /** Address without a final slash. */
  host: string
  revision: string
}

/** The model that comes with the package. */
export const BUNDLED_MODEL = 'page-rerank-small-en'

export const DEFAULT_HOST = 'https://huggingface.co'

const HUB_ID = /^[\w][\w.-]*\/[\w][\w.-]*$/

/**
 * Find out what `options.model` means.
 *
 * @param base address that relative folders resolve against
 * @param bundledFiles addresses of the bundled model's large files
 * @throws InvalidInputError (`invalid-option`); ModelLoadError (`model-unsupported`) for a model known not to run
 */
export function locateModel(
  options: Pick<ModelOptions, 'model' | 'revision' | 'host'>,
  base: string | undefined,
  bundledFiles: () => Record<string, string>,
): ModelLocation {
  const { model = BUNDLED_MODEL, revision = 'main', host = DEFAULT_HOST } = options
  if (model instanceof URL) return folder(model.href)
  if (typeof model === 'object' && model !== null) {
    const files = readFiles(model)
    return { kind: 'files', name: nameOf(files), files }
  }
  if (typeof model === 'string') {
    if (model === BUNDLED_MODEL) return { kind: 'bundled', name: BUNDLED_MODEL, urls: bundledFiles() }
    if (/^[a-z][a-z0-9+.-]+:|^[./]/i.test(model) && URL.canParse(model, base)) return folder(new URL(model, base).href)
    const hubId = Object.hasOwn(registry, model) ? (registry[model] as RegistryEntry).onnx : model
    if (HUB_ID.test(hubId)) {
      const reason = outOfReach[hubId]
      if (reason) throw new ModelLoadError('model-unsupported', `${hubId} cannot run here: ${reason}. docs/models.md lists what can.`)
      return { kind: 'hub', name: hubId, host: hubAddress(host), revision }
    }
  }
  // Those who call here put the files of a package in its name's place.
  const own = [BUNDLED_MODEL, ...Object.keys(MODEL_PACKAGES)]
  const [given, near] =
    typeof model === 'string' ? [JSON.stringify(model), nearestName(model, [...own, ...Object.keys(registry)])] : [show(model)]
  throw new InvalidInputError(
    'invalid-option',
    `model is ${given}; it must be ${own.join(', ')}, a known model's name (docs/models.md), a hub id (owner/name), an address or path that starts with a scheme, / or ., or an object of files.${near ? ` Did you mean ${near}?` : ''}`,
    { option: 'model' },
  )
}

function readFiles(files: ModelFiles): Record<string, Blob | ArrayBuffer | Uint8Array | string> {
  const entries = Object.entries(files).map(([path, file]) => {
    // Not by instanceof: files may come from another frame.
    const kind = Object.prototype.toString.call(file).slice('[object '.length, -1)
    // A URL cannot be posted to a worker.
    if (kind === 'URL') return [path, (file as URL).href] as const
    if (['Blob', 'File', 'ArrayBuffer', 'Uint8Array'].includes(kind)) return [path, file as Blob | ArrayBuffer | Uint8Array] as const
    throw new InvalidInputError(
      'invalid-option',
      `model has ${describe(file)} as ${JSON.stringify(path)}; a model's files are Blobs, ArrayBuffers, Uint8Arrays or URLs.`,
      { option: 'model', file: path },
    )
  })
  return Object.fromEntries(entries)
}

/** What tells a model of files from others: its name, if its manifest is in hand, or else where its weights are. */
function nameOf(files: Record<string, Blob | ArrayBuffer | Uint8Array | string>): string {
  const weights = Object.entries(files).find(([path, file]) => path.endsWith('.onnx') && typeof file === 'string')?.[1]
  return idIn(files['page-rerank.json']) ?? (typeof weights === 'string' ? withoutQuery(weights) : 'files')
}

function idIn(manifest: Blob | ArrayBuffer | Uint8Array | string | undefined): string | undefined {
  try {
    const { id } = JSON.parse(new TextDecoder().decode(manifest as Uint8Array))
    return typeof id === 'string' && id !== '' ? id : undefined
  } catch {
    // It is elsewhere, or will be refused when it is read.
    return undefined
  }
}

function hubAddress(host: string): string {
  if (/^https?:\/\/[^/]/i.test(host) && URL.canParse(host)) return host.replace(/\/+$/, '')
  throw new InvalidInputError(
    'invalid-option',
    `host is ${JSON.stringify(host)}; it must be an address such as ${DEFAULT_HOST}. In Node, HF_ENDPOINT sets it too.`,
    { option: 'host' },
  )
}

function folder(href: string): ModelLocation {
  const { search } = new URL(href)
  const bare = withoutQuery(href)
  const url = bare.endsWith('/') ? bare : `${bare}/`
  return { kind: 'folder', name: url, url, query: search }
}

/**
 * Address of a file, or the file itself.
 *
 * @throws ModelLoadError (`model-file-invalid`) for a path that does not stay in the model's folder
 */
export function fileOf(location: ModelLocation, path: string): string | Blob | ArrayBuffer | Uint8Array | undefined {
  if (!isInnerPath(path)) {
    throw new ModelLoadError('model-file-invalid', `${JSON.stringify(path)} is no path inside the folder of ${location.name}.`, {
      file: path,
    })
  }
  switch (location.kind) {
    case 'hub':
      // transformers.js's remotePathTemplate, so that its cache keys match.
      return `${location.host}/${location.name}/resolve/${encodeURIComponent(location.revision)}/${path}`
    case 'folder':
      return location.url + path + location.query
    case 'files':
      // Files picked one by one have no folders.
      return own(location.files, path) ?? own(location.files, path.slice(path.lastIndexOf('/') + 1))
    case 'bundled':
      return own(location.urls, path)
  }
}

function own<T>(object: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
