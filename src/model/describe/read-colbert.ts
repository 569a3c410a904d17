import { ACTIVATIONS } from '../../core/late-interaction/projection.js'
import { ModelLoadError } from '../../errors.js'
import type { DenseFiles, ModelConfig } from './manifest.js'
import { FieldReader, type Json, MAX_TOKENS, type ManifestJson, MIN_TOKENS } from './read-json.js'

/** A JSON file of the model's folder; undefined where it has none. */
export type ReadJson = (file: string) => Promise<unknown | undefined>

/** What Stanford's ColBERT calls its models in config.json. */
const STANFORD = 'HF_ColBERT'
/** PyLate's defaults. */
const DEFAULTS = {
  query: '[Q] ',
  document: '[D] ',
  queryLength: 32,
  documentLength: 180,
  skipWords: [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
}
/** The markers of Stanford's models that do not say any. */
const STANFORD_MARKERS = { query: '[unused0]', document: '[unused1]' }
const MAX_SKIP_WORDS = 10_000
/** sentence-transformers' modules of a model; ColBERT models have two or three. */
const MAX_MODULES = 16
/** Widths of dense layers. */
const MAX_WIDTH = 2 ** 14

/**
 * What a ColBERT model's own files say of it: those that PyLate writes (config_sentence_transformers.json, modules.json and the dense
 * layers' config.json), the one that pylate-onnx-export writes (onnx_config.json, formerly config_sentence_transformers.json), or the
 * one of Stanford's ColBERT (artifact.metadata). Where they say nothing, PyLate's defaults hold.
 *
 * @returns undefined where nothing speaks of ColBERT
 * @throws ModelLoadError (`model-file-invalid`, `model-unsupported`)
 */
export async function readColbert(model: string, config: ModelConfig | undefined, json: ReadJson): Promise<ManifestJson | undefined> {
  const read = (file: string) => json(file).then((value) => (value === undefined ? undefined : new ColbertFile(file, model, value)))
  const [pylate, exported] = await Promise.all([read('config_sentence_transformers.json'), read('onnx_config.json')])
  const stanford = config?.architectures?.includes(STANFORD)
    ? ((await read('artifact.metadata')) ?? new ColbertFile('', model, {}))
    : undefined
  if (!pylate?.isColbert && !exported && !stanford) return undefined
  const said = [...(pylate?.isColbert ? [pylate] : []), ...(exported ? [exported] : [])]
  const first = <T>(get: (file: ColbertFile) => T | undefined): T | undefined => {
    for (const file of said) {
      const value = get(file)
      if (value !== undefined) return value
    }
    return undefined
  }
  const layers = await readLayers(model, json, config, stanford)
  const markers = stanford
    ? { query: stanford.text('query_token_id'), document: stanford.text('doc_token_id') }
    : { query: undefined, document: undefined }
  const fallback = stanford ? STANFORD_MARKERS : DEFAULTS
  const queryMarker = first((file) => file.text('query_prefix')) ?? markers.query ?? fallback.query
  const documentMarker = first((file) => file.text('document_prefix')) ?? markers.document ?? fallback.document
  const expands = first((file) => file.flag('do_query_expansion')) ?? true
  const attends = first((file) => file.flag('attend_to_expansion_tokens')) ?? stanford?.flag('attend_to_mask_tokens') ?? false
  const transformer = layers.transformer === undefined ? undefined : await read(`${layers.transformer}sentence_bert_config.json`)
  const dimensions = layers.projection.at(-1)?.outputs ?? first((file) => file.width('embedding_dim')) ?? stanford?.width('dim')
  if (!dimensions) {
    throw new ModelLoadError(
      'model-unsupported',
      `${model} does not say how long its token embeddings are: there is neither a dense layer in modules.json, nor embedding_dim in onnx_config.json, nor dim in artifact.metadata.`,
      { file: 'modules.json' },
    )
  }
  return {
    kind: 'late-interaction',
    architecture: config?.model_type ?? 'colbert',
    activation: 'identity',
    maxLength: first((file) => file.tokens('document_length')) ?? stanford?.tokens('doc_maxlen') ?? DEFAULTS.documentLength,
    queryMaxLength: first((file) => file.tokens('query_length')) ?? stanford?.tokens('query_maxlen') ?? DEFAULTS.queryLength,
    dimensions,
    markers: { ...(queryMarker && { query: queryMarker }), ...(documentMarker && { document: documentMarker }) },
    ...(expands && { queryExpansion: attends ? ('attended' as const) : ('unattended' as const) }),
    skipWords: first((file) => file.words('skiplist_words')) ?? DEFAULTS.skipWords,
    lowercase: transformer?.flag('do_lower_case') ?? first((file) => file.flag('do_lower_case')) ?? false,
    ...(layers.projection.length > 0 && { projection: layers.projection }),
    terms: { weights: { sum: 1 }, scale: 1, shift: 0 },
    // pylate-onnx-export puts its graphs beside the other files.
    ...(first((file) => file.width('embedding_dim')) && {
      dtypes: { fp32: { file: 'model.onnx' }, int8: { file: 'model_int8.onnx' } },
      complete: false,
    }),
  }
}

/** A file of ColBERT's, each of its fields of the type it should have. */
class ColbertFile {
  readonly #read: FieldReader
  readonly #root: Json

  constructor(file: string, model: string, json: unknown) {
    this.#read = new FieldReader(file, model)
    this.#root = this.#read.object('', json)
  }

  /** sentence-transformers writes the same file for all its models. */
  get isColbert(): boolean {
    return this.#root.model_type === 'ColBERT' || this.#root.similarity_fn_name === 'MaxSim' || Object.hasOwn(this.#root, 'query_prefix')
  }

  text(key: string): string | undefined {
    return this.#read.optional(this.#root, key, this.#read.text)
  }

  flag(key: string): boolean | undefined {
    return this.#read.optional(this.#root, key, this.#read.boolean)
  }

  tokens(key: string): number | undefined {
    return this.#read.optional(this.#root, key, (field, value) =>
      this.#read.number(field, value, { min: MIN_TOKENS, max: MAX_TOKENS, whole: true }),
    )
  }

  width(key: string): number | undefined {
    return this.#read.optional(this.#root, key, (field, value) => this.#read.number(field, value, { min: 1, max: MAX_WIDTH, whole: true }))
  }

  words(key: string): string[] | undefined {
    return this.#read.optional(this.#root, key, (field, value) => this.#read.array(field, value, MAX_SKIP_WORDS, this.#read.text))
  }
}

interface Layers {
  projection: DenseFiles[]
  /** Folder of the transformer's own files, with a slash where it is not the model's. */
  transformer?: string
}

/** The dense layers of modules.json, or Stanford's one, which lies among the encoder's weights. */
async function readLayers(
  model: string,
  json: ReadJson,
  config: ModelConfig | undefined,
  stanford: ColbertFile | undefined,
): Promise<Layers> {
  const modules = await json('modules.json')
  const read = new FieldReader('modules.json', model)
  const projection: DenseFiles[] = []
  let transformer: string | undefined
  const entries =
    modules === undefined ? [] : read.array('', modules, MAX_MODULES, (field, value) => [field, read.object(field, value)] as const)
  for (const [field, entry] of entries) {
    const type = read.text(`${field}.type`, entry.type)
    const path = read.text(`${field}.path`, entry.path)
    if (path !== '') read.path(`${field}.path`, path)
    const folder = path === '' ? '' : `${path}/`
    if (type.endsWith('.Transformer')) transformer = folder
    else if (type.endsWith('.Dense')) projection.push(await readLayer(model, folder, json))
    // Embeddings have length 1 in any case.
    else if (!type.endsWith('.Normalize')) {
      throw new ModelLoadError('model-unsupported', `${model} has a module of the type ${type}, which no ColBERT model has.`, {
        file: 'modules.json',
      })
    }
  }
  projection.slice(1).forEach(({ inputs, file }, i) => {
    if (inputs === projection[i]?.outputs) return
    throw new ModelLoadError('model-file-invalid', `The dense layer in ${file} of ${model} does not follow the one before it.`, { file })
  })
  const inputs = config?.hidden_size
  if (projection.length === 0 && stanford && inputs) {
    const outputs = stanford.width('dim') ?? 128
    projection.push({ file: 'model.safetensors', inputs, outputs, bias: false, activation: 'Identity', residual: false })
  }
  return { projection, transformer }
}

async function readLayer(model: string, folder: string, json: ReadJson): Promise<DenseFiles> {
  const file = `${folder}config.json`
  const read = new FieldReader(file, model)
  const layer = read.object('', await json(file))
  const width = (field: string, value: unknown) => read.number(field, value, { min: 1, max: MAX_WIDTH, whole: true })
  const activation = read.optional(layer, 'activation_function', read.text) ?? 'Identity'
  return {
    file: `${folder}model.safetensors`,
    inputs: width('in_features', layer.in_features),
    outputs: width('out_features', layer.out_features),
    bias: read.optional(layer, 'bias', read.boolean) ?? true,
    activation: read.oneOf('activation_function', activation.slice(activation.lastIndexOf('.') + 1), ACTIVATIONS),
    residual: read.optional(layer, 'use_residual', read.boolean) ?? false,
  }
}
