import { isInnerPath } from '../../core/inner-path.js'
import { ACTIVATIONS } from '../../core/late-interaction/projection.js'
import { TERMS } from '../../core/late-interaction/terms.js'
import { ModelLoadError } from '../../errors.js'
import { DTYPES } from '../../types.js'
import type { DenseFiles, FileFacts, ModelConfig, ModelManifest, WeightFiles } from './manifest.js'

/** What a `page-rerank.json` may say. */
export type ManifestJson = Partial<Omit<ModelManifest, 'maxPositions' | 'parameterCount'>>

/** What is said of a model is not much; more is a mistake or an attack. */
const MAX_CANARIES = 100
const MAX_FILES = 10_000
const MAX_LAYERS = 16
const MAX_TEXT = 20_000
/** Tokens of a pair: no model reads so many. */
export const MIN_TOKENS = 8
export const MAX_TOKENS = 2 ** 22
const MAX_WIDTH = 2 ** 16

const DEVICES = ['webgpu', 'wasm', 'cpu'] as const

export type Json = Record<string, unknown>

/**
 * A page-rerank.json, which is somebody else's words: every field has the type it should, every path stays in the model's
 * folder. Fields unknown here are left out.
 *
 * @throws ModelLoadError (`model-file-invalid`) naming the field
 */
export function readManifestJson(json: unknown, model: string): ManifestJson {
  const read = new FieldReader('page-rerank.json', model)
  const root = read.object('', json)
  return withoutUndefined({
    id: read.optional(root, 'id', read.text),
    revision: read.optional(root, 'revision', read.text),
    architecture: read.optional(root, 'architecture', read.text),
    license: read.optional(root, 'license', read.text),
    languages: read.optional(root, 'languages', (field, value) => read.array(field, value, 1000, read.text)),
    maxLength: read.optional(root, 'maxLength', (field, value) =>
      read.number(field, value, { min: MIN_TOKENS, max: MAX_TOKENS, whole: true }),
    ),
    complete: read.optional(root, 'complete', read.boolean),
    activation: read.optional(root, 'activation', (field, value) => read.oneOf(field, value, ['sigmoid', 'identity'] as const)),
    kind: read.optional(root, 'kind', (field, value) => read.oneOf(field, value, ['cross-encoder', 'late-interaction'] as const)),
    firstStageWeight: read.optional(root, 'firstStageWeight', (field, value) => read.number(field, value, { min: 0, max: 1e6 })),
    dtypes: read.optional(root, 'dtypes', (field, value) => {
      const dtypes = read.byKey(field, value, DTYPES, weightFiles(read))
      return Object.keys(dtypes).length > 0 ? dtypes : read.refuse(field, `weights of at least one of ${DTYPES.join(', ')}`)
    }),
    recommended: read.optional(root, 'recommended', (field, value) =>
      read.byKey(field, value, DEVICES, (inner, dtype) => read.oneOf(inner, dtype, DTYPES)),
    ),
    tolerance: read.optional(root, 'tolerance', (field, value) =>
      read.byKey(field, value, DTYPES, (inner, logits) => read.number(inner, logits, { min: 0, max: 1e6 })),
    ),
    bytes: read.optional(root, 'bytes', (field, value) => read.byKey(field, value, DTYPES, read.bytes)),
    canaries: read.optional(root, 'canaries', (field, value) =>
      read.array(field, value, MAX_CANARIES, (inner, canary) => {
        const one = read.object(inner, canary)
        return {
          query: read.text(`${inner}.query`, one.query),
          document: read.text(`${inner}.document`, one.document),
          logit: read.number(`${inner}.logit`, one.logit, { min: -1e6, max: 1e6 }),
        }
      }),
    ),
    files: read.optional(root, 'files', fileFacts(read)),
    prompt: read.optional(root, 'prompt', (field, value) => {
      const prompt = read.object(field, value)
      return {
        text: read.text(`${field}.text`, prompt.text),
        yes: read.text(`${field}.yes`, prompt.yes),
        no: read.text(`${field}.no`, prompt.no),
      }
    }),
    dimensions: read.optional(root, 'dimensions', (field, value) => read.number(field, value, { min: 1, max: MAX_WIDTH, whole: true })),
    queryMaxLength: read.optional(root, 'queryMaxLength', (field, value) =>
      read.number(field, value, { min: MIN_TOKENS, max: MAX_TOKENS, whole: true }),
    ),
    codes: read.optional(root, 'codes', (field, value) => {
      const codes = read.object(field, value)
      return {
        bits: read.number(`${field}.bits`, codes.bits, { min: 1, max: 32, whole: true }),
        step: read.finite(`${field}.step`, codes.step),
        scales: read.array(`${field}.scales`, codes.scales, 32, read.finite),
        shortlist: read.number(`${field}.shortlist`, codes.shortlist, { min: 1, max: 1e9, whole: true }),
      }
    }),
    terms: read.optional(root, 'terms', (field, value) => {
      const terms = read.object(field, value)
      return {
        weights: read.byKey(`${field}.weights`, terms.weights, TERMS, read.finite),
        scale: read.finite(`${field}.scale`, terms.scale),
        shift: read.finite(`${field}.shift`, terms.shift),
        ...(terms.rarity !== undefined && { rarity: read.path(`${field}.rarity`, terms.rarity) }),
      }
    }),
    markers: read.optional(root, 'markers', (field, value) => read.byKey(field, value, ['query', 'document'] as const, read.text)),
    queryExpansion: read.optional(root, 'queryExpansion', (field, value) => read.oneOf(field, value, ['attended', 'unattended'] as const)),
    skipWords: read.optional(root, 'skipWords', (field, value) => read.array(field, value, MAX_FILES, read.text)),
    lowercase: read.optional(root, 'lowercase', read.boolean),
    projection: read.optional(root, 'projection', (field, value) => read.array(field, value, MAX_LAYERS, denseFiles(read))),
  })
}

function weightFiles(read: FieldReader) {
  return (field: string, value: unknown): WeightFiles => {
    const weights = read.object(field, value)
    const externalData = read.optional(weights, 'externalData', (inner, paths) =>
      read.array(`${field}.${inner}`, paths, MAX_FILES, read.path),
    )
    const file = read.path(`${field}.file`, weights.file)
    const folder = file.slice(0, file.lastIndexOf('/') + 1)
    if (externalData?.some((path) => !path.startsWith(folder))) read.refuse(`${field}.externalData`, 'paths beside the graph')
    return { file, ...(externalData && { externalData }) }
  }
}

function denseFiles(read: FieldReader) {
  return (field: string, value: unknown): DenseFiles => {
    const layer = read.object(field, value)
    const width = (key: string) => read.number(`${field}.${key}`, layer[key], { min: 1, max: MAX_WIDTH, whole: true })
    return {
      file: read.path(`${field}.file`, layer.file),
      inputs: width('inputs'),
      outputs: width('outputs'),
      bias: read.boolean(`${field}.bias`, layer.bias),
      activation: read.oneOf(`${field}.activation`, layer.activation, ACTIVATIONS),
      residual: read.boolean(`${field}.residual`, layer.residual),
    }
  }
}

function fileFacts(read: FieldReader) {
  return (field: string, value: unknown): Record<string, FileFacts> => {
    const entries = Object.entries(read.object(field, value))
    if (entries.length > MAX_FILES) read.refuse(field, `at most ${MAX_FILES} files`)
    return Object.fromEntries(
      entries.map(([path, facts]) => {
        const inner = `${field}[${JSON.stringify(path)}]`
        read.path(inner, path)
        const { bytes, sha256 } = read.object(inner, facts)
        if (sha256 !== undefined && !(typeof sha256 === 'string' && SHA256.test(sha256))) read.refuse(`${inner}.sha256`, '64 hex digits')
        return [path, { bytes: read.bytes(`${inner}.bytes`, bytes), ...(sha256 !== undefined && { sha256: sha256 as string }) }]
      }),
    )
  }
}

const SHA256 = /^[0-9a-f]{64}$/

/**
 * The parts of a config.json that matter here. A number that cannot be one of its kind (null, -1) is left out, as
 * transformers' own defaults may write it.
 *
 * @throws ModelLoadError (`model-file-invalid`) where it is no object
 */
export function readConfigJson(json: unknown, model: string): ModelConfig {
  const config = new FieldReader('config.json', model).object('', json)
  const count = (key: string): number | undefined => {
    const value = config[key]
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined
  }
  const { model_type, architectures, id2label } = config
  return withoutUndefined({
    model_type: typeof model_type === 'string' ? model_type.slice(0, 100) : undefined,
    architectures: Array.isArray(architectures) ? architectures.slice(0, 10).filter((name) => typeof name === 'string') : undefined,
    id2label: typeof id2label === 'object' && id2label !== null ? (id2label as Record<string, string>) : undefined,
    num_labels: count('num_labels'),
    max_position_embeddings: count('max_position_embeddings'),
    vocab_size: count('vocab_size'),
    hidden_size: count('hidden_size'),
    num_hidden_layers: count('num_hidden_layers'),
    intermediate_size: count('intermediate_size'),
    num_attention_heads: count('num_attention_heads'),
    num_key_value_heads: count('num_key_value_heads'),
    head_dim: count('head_dim'),
  })
}

/** Reads fields of a JSON file, or says which of them is wrong. Its functions are values, to be handed on. */
export class FieldReader {
  readonly #file: string
  readonly #model: string

  constructor(file: string, model: string) {
    this.#file = file
    this.#model = model
  }

  refuse(field: string, expected: string): never {
    throw new ModelLoadError(
      'model-file-invalid',
      `${this.#file} of ${this.#model} cannot be used: ${field || 'it'} must be ${expected}. Correct it, or take the model from a source you trust.`,
      { file: this.#file },
    )
  }

  optional<T>(from: Json, key: string, read: (field: string, value: unknown) => T): T | undefined {
    const value = Object.hasOwn(from, key) ? from[key] : undefined
    return value === undefined || value === null ? undefined : read(key, value)
  }

  object(field: string, value: unknown): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.refuse(field, 'an object')
    return value as Json
  }

  array<T>(field: string, value: unknown, max: number, read: (field: string, value: unknown) => T): T[] {
    if (!Array.isArray(value) || value.length > max) this.refuse(field, `a list of at most ${max}`)
    return (value as unknown[]).map((one, i) => read(`${field}[${i}]`, one))
  }

  /** Keys this version does not know are left out. */
  byKey<K extends string, T>(
    field: string,
    value: unknown,
    keys: readonly K[],
    read: (field: string, value: unknown) => T,
  ): Partial<Record<K, T>> {
    const object = this.object(field, value)
    const known = keys.filter((key) => Object.hasOwn(object, key))
    return Object.fromEntries(known.map((key) => [key, read(`${field}.${key}`, object[key])])) as Partial<Record<K, T>>
  }

  number(field: string, value: unknown, { min, max, whole = false }: { min: number; max: number; whole?: boolean }): number {
    const fits = typeof value === 'number' && value >= min && value <= max && (!whole || Number.isInteger(value))
    if (!fits) this.refuse(field, `a${whole ? ' whole' : ''} number from ${min} to ${max}`)
    return value as number
  }

  readonly bytes = (field: string, value: unknown): number =>
    this.number(field, value, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true })

  readonly finite = (field: string, value: unknown): number => this.number(field, value, { min: -1e9, max: 1e9 })

  readonly text = (field: string, value: unknown): string => {
    if (typeof value !== 'string' || value.length > MAX_TEXT) this.refuse(field, `a text of at most ${MAX_TEXT} characters`)
    return value as string
  }

  readonly boolean = (field: string, value: unknown): boolean => {
    if (typeof value !== 'boolean') this.refuse(field, 'true or false')
    return value as boolean
  }

  oneOf<T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
    if (!allowed.includes(value as T)) this.refuse(field, `one of ${allowed.join(', ')}`)
    return value as T
  }

  readonly path = (field: string, value: unknown): string => {
    if (!isInnerPath(value)) this.refuse(field, "a path inside the model's folder, such as onnx/model.onnx")
    return value as string
  }
}

function withoutUndefined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
