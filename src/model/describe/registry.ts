import type { Dtype } from '../../types.js'
import type { ModelManifest, WeightFiles } from './manifest.js'

/**
 * Rerankers known by name. To add one, add an entry: everything else about it is read from its own config.json and
 * tokenizer.json. `docs/models.md` shows the same as a table, with the sources (a test keeps the two in step).
 */
export interface RegistryEntry
  extends Pick<ModelManifest, 'languages' | 'activation' | 'recommended'>,
    Partial<Pick<ModelManifest, 'firstStageWeight' | 'kind'>> {
  /** Hub id of the authors' model. */
  id: string
  /** Hub id of its ONNX files, in the hub's layout. */
  onnx: string
  /** `model_type` of config.json. */
  architecture: string
  license: string
  /** Tokens of a pair it was trained for; of a document, where texts are read one by one. */
  maxLength: number
  /** Of the whole model, in millions. */
  parameters: number
  /** Bytes by dtype, where somebody published them; for deciding what fits, never to check a download. */
  bytes: Partial<Record<Dtype, number>>
  /** Files with other names than the hub's usual ones. */
  dtypes?: Partial<Record<Dtype, WeightFiles>>
}

const ENGLISH = ['en']
/** Many languages, so none in particular is refused. */
const MANY: string[] = []

/** Entries that differ in little. */
const msMarco = (name: string, onnx: string, parameters: number, bytes: RegistryEntry['bytes'] = {}): RegistryEntry => ({
  id: `cross-encoder/${name}`,
  onnx: `Xenova/${onnx}`,
  architecture: 'bert',
  languages: ENGLISH,
  license: 'Apache-2.0',
  maxLength: 512,
  parameters,
  activation: 'identity',
  recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
  bytes,
})

/** What pylate-onnx-export writes: everything in the folder itself, the projection in the graph. */
const EXPORTED = { fp32: { file: 'model.onnx' }, int8: { file: 'model_int8.onnx' } }

/** ColBERT models; how they read texts is in files of their own. */
const colbert = (
  entry: Pick<RegistryEntry, 'id' | 'onnx' | 'architecture' | 'maxLength' | 'parameters'> & Partial<RegistryEntry>,
): RegistryEntry => ({
  kind: 'late-interaction',
  languages: ENGLISH,
  license: 'Apache-2.0',
  activation: 'identity',
  recommended: { webgpu: 'fp32', wasm: 'int8', cpu: 'int8' },
  bytes: {},
  ...entry,
})

export const registry: Record<string, RegistryEntry> = {
  'bge-reranker-base': {
    id: 'BAAI/bge-reranker-base',
    onnx: 'Xenova/bge-reranker-base',
    architecture: 'xlm-roberta',
    languages: ['zh', 'en'],
    license: 'MIT',
    maxLength: 512,
    parameters: 278,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: { q8: 280e6 },
  },
  'bge-reranker-large': {
    id: 'BAAI/bge-reranker-large',
    onnx: 'Xenova/bge-reranker-large',
    architecture: 'xlm-roberta',
    languages: ['zh', 'en'],
    license: 'MIT',
    maxLength: 512,
    parameters: 560,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: {},
  },
  'bge-reranker-v2-m3': {
    id: 'BAAI/bge-reranker-v2-m3',
    onnx: 'onnx-community/bge-reranker-v2-m3-ONNX',
    architecture: 'xlm-roberta',
    languages: MANY,
    license: 'Apache-2.0',
    maxLength: 8192,
    parameters: 568,
    activation: 'sigmoid',
    recommended: { webgpu: 'q4f16', wasm: 'q8', cpu: 'q8' },
    bytes: { fp32: 2_271_071_852, int8: 570_727_094 },
  },
  'ms-marco-TinyBERT-L2': msMarco('ms-marco-TinyBERT-L2-v2', 'ms-marco-TinyBERT-L-2-v2', 4.4, { q8: 4.52e6 }),
  'ms-marco-MiniLM-L2': msMarco('ms-marco-MiniLM-L2-v2', 'ms-marco-MiniLM-L-2-v2', 15.6),
  'ms-marco-MiniLM-L4': msMarco('ms-marco-MiniLM-L4-v2', 'ms-marco-MiniLM-L-4-v2', 19.2),
  'ms-marco-MiniLM-L6': msMarco('ms-marco-MiniLM-L6-v2', 'ms-marco-MiniLM-L-6-v2', 22.7, { q8: 23.2e6 }),
  'ms-marco-MiniLM-L12': msMarco('ms-marco-MiniLM-L12-v2', 'ms-marco-MiniLM-L-12-v2', 33.4),
  'mmarco-mMiniLMv2-L12': {
    id: 'cross-encoder/mmarco-mMiniLMv2-L12-H384-v1',
    onnx: 'cross-encoder/mmarco-mMiniLMv2-L12-H384-v1',
    architecture: 'xlm-roberta',
    languages: MANY,
    license: 'Apache-2.0',
    maxLength: 512,
    parameters: 118,
    activation: 'identity',
    recommended: { wasm: 'uint8', cpu: 'uint8' },
    bytes: { uint8: 119e6 },
    dtypes: { uint8: { file: 'onnx/model_quint8_avx2.onnx' } },
  },
  'jina-reranker-v1-tiny-en': {
    id: 'jinaai/jina-reranker-v1-tiny-en',
    onnx: 'jinaai/jina-reranker-v1-tiny-en',
    architecture: 'bert',
    languages: ENGLISH,
    license: 'Apache-2.0',
    maxLength: 8192,
    parameters: 33,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: { q8: 33.4e6 },
  },
  'jina-reranker-v1-turbo-en': {
    id: 'jinaai/jina-reranker-v1-turbo-en',
    onnx: 'jinaai/jina-reranker-v1-turbo-en',
    architecture: 'bert',
    languages: ENGLISH,
    license: 'Apache-2.0',
    maxLength: 8192,
    parameters: 37.8,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: { q8: 38.3e6 },
  },
  'jina-reranker-v2-base-multilingual': {
    id: 'jinaai/jina-reranker-v2-base-multilingual',
    onnx: 'jinaai/jina-reranker-v2-base-multilingual',
    architecture: 'xlm-roberta',
    languages: MANY,
    license: 'CC-BY-NC-4.0',
    maxLength: 1024,
    parameters: 278,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: { q8: 279.6e6 },
  },
  'mxbai-rerank-xsmall-v1': {
    id: 'mixedbread-ai/mxbai-rerank-xsmall-v1',
    onnx: 'mixedbread-ai/mxbai-rerank-xsmall-v1',
    architecture: 'deberta-v2',
    languages: ENGLISH,
    license: 'Apache-2.0',
    maxLength: 512,
    parameters: 70.8,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: { q8: 87.2e6 },
  },
  'mxbai-rerank-base-v1': {
    id: 'mixedbread-ai/mxbai-rerank-base-v1',
    onnx: 'mixedbread-ai/mxbai-rerank-base-v1',
    architecture: 'deberta-v2',
    languages: ENGLISH,
    license: 'Apache-2.0',
    maxLength: 512,
    parameters: 184,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: {},
  },
  'gte-multilingual-reranker-base': {
    id: 'Alibaba-NLP/gte-multilingual-reranker-base',
    onnx: 'onnx-community/gte-multilingual-reranker-base',
    architecture: 'new',
    languages: MANY,
    license: 'Apache-2.0',
    maxLength: 8192,
    parameters: 306,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'int8', cpu: 'int8' },
    bytes: { int8: 340_858_200 },
  },
  'gte-reranker-modernbert-base': {
    id: 'Alibaba-NLP/gte-reranker-modernbert-base',
    onnx: 'Alibaba-NLP/gte-reranker-modernbert-base',
    architecture: 'modernbert',
    languages: ENGLISH,
    license: 'Apache-2.0',
    maxLength: 8192,
    parameters: 149,
    activation: 'sigmoid',
    recommended: { webgpu: 'fp16', wasm: 'q8', cpu: 'q8' },
    bytes: { fp32: 598_803_940 },
  },
  'Qwen3-Reranker-0.6B': {
    id: 'Qwen/Qwen3-Reranker-0.6B',
    onnx: 'onnx-community/Qwen3-Reranker-0.6B-ONNX',
    architecture: 'qwen3',
    languages: MANY,
    license: 'Apache-2.0',
    maxLength: 32768,
    parameters: 596,
    activation: 'sigmoid',
    recommended: { webgpu: 'q4', wasm: 'q8', cpu: 'q8' },
    bytes: {},
  },
  'answerai-colbert-small-v1': colbert({
    id: 'answerdotai/answerai-colbert-small-v1',
    onnx: 'lightonai/answerai-colbert-small-v1-onnx',
    architecture: 'bert',
    maxLength: 300,
    parameters: 33,
    bytes: { fp32: 134e6 },
    dtypes: EXPORTED,
  }),
  'mxbai-edge-colbert-v0-17m': colbert({
    id: 'mixedbread-ai/mxbai-edge-colbert-v0-17m',
    onnx: 'ryandono/mxbai-edge-colbert-v0-17m-onnx-int8',
    architecture: 'modernbert',
    maxLength: 512,
    parameters: 17,
    recommended: { wasm: 'q8', cpu: 'q8' },
    bytes: { q8: 17e6 },
  }),
  'mxbai-edge-colbert-v0-32m': colbert({
    id: 'mixedbread-ai/mxbai-edge-colbert-v0-32m',
    onnx: 'lightonai/mxbai-edge-colbert-v0-32m-onnx',
    architecture: 'modernbert',
    maxLength: 512,
    parameters: 32,
    bytes: { fp32: 124e6 },
    dtypes: EXPORTED,
  }),
  'colbertv2.0': colbert({
    id: 'colbert-ir/colbertv2.0',
    onnx: 'colbert-ir/colbertv2.0',
    architecture: 'bert',
    license: 'MIT',
    maxLength: 180,
    parameters: 110,
    recommended: { webgpu: 'fp32', wasm: 'fp32', cpu: 'fp32' },
    bytes: { fp32: 436e6 },
    dtypes: { fp32: { file: 'model.onnx' } },
  }),
  'GTE-ModernColBERT-v1': colbert({
    id: 'lightonai/GTE-ModernColBERT-v1',
    onnx: 'lightonai/GTE-ModernColBERT-v1',
    architecture: 'modernbert',
    maxLength: 300,
    parameters: 149,
    bytes: { int8: 150e6 },
    dtypes: EXPORTED,
  }),
}

/** Rerankers people ask for that cannot run here, and why. By hub id. */
export const outOfReach: Record<string, string> = {
  'BAAI/bge-reranker-v2-gemma': 'it is built on gemma-2b, gigabytes at any dtype, and answers with the logit of "Yes" alone',
  'BAAI/bge-reranker-v2-minicpm-layerwise':
    'it is built on MiniCPM-2B, gigabytes at any dtype, and has heads at several layers, in code of its own',
  ...Object.fromEntries(
    ['17m', '32m', '68m', '150m', '400m', '1b'].map((size) => [
      `cross-encoder/ettin-reranker-${size}-v1`,
      'its ONNX graph ends before the head, which is in separate sentence-transformers modules',
    ]),
  ),
}

/** The entry of a name or of either hub id. */
export function findEntry(model: string): RegistryEntry | undefined {
  if (Object.hasOwn(registry, model)) return registry[model]
  return Object.values(registry).find(({ id, onnx }) => model === id || model === onnx)
}

/** What the registry says of a hub id. Other weight files than those it names may exist. */
export function registeredManifest(hubId: string): Partial<ModelManifest> | undefined {
  const entry = findEntry(hubId)
  if (!entry) return undefined
  const { kind, architecture, languages, license, maxLength, activation, recommended, firstStageWeight = 0, bytes, dtypes = {} } = entry
  return {
    ...(kind && { kind }),
    architecture,
    languages,
    license,
    maxLength,
    activation,
    recommended,
    firstStageWeight,
    bytes,
    dtypes,
    complete: false,
  }
}
