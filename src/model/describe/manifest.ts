import type { DenseActivation } from '../../core/late-interaction/projection.js'
import type { Terms } from '../../core/late-interaction/terms.js'
import type { YesNoPrompt } from '../../core/yes-no-prompt.js'
import { ModelLoadError } from '../../errors.js'
import type { Activation, Device, Dtype, ModelKind, ModelOptions } from '../../types.js'
import { countParameters, type ParameterCount } from './parameter-count.js'
import type { ManifestJson } from './read-json.js'

/** A file's size and hash, where they are known before it is fetched. */
export interface FileFacts {
  bytes: number
  /** Lower-case hex. */
  sha256?: string
  /** Git's name for the file: SHA-1, lower-case hex. What hubs have for small files. */
  gitSha1?: string
}

/** Where the weights of one dtype are. */
export interface WeightFiles {
  /** Path in the hub's layout. */
  file: string
  /** External data of graphs over 2 GB, paths beside `file`. */
  externalData?: string[]
}

/** A dense layer, and the safetensors file that holds its weights (`linear.weight`, `linear.bias`, `residual.weight`). */
export interface DenseFiles {
  file: string
  inputs: number
  outputs: number
  bias: boolean
  activation: DenseActivation
  /** Whether what goes in is added to what comes out. */
  residual: boolean
}

/** Everything the library needs to know about a model besides its files' contents. `page-rerank.json` holds it, or it is derived from config.json. */
export interface ModelManifest {
  /** Registry name, hub id or address. */
  id: string
  kind: ModelKind
  revision: string
  /** `model_type` of config.json. */
  architecture: string
  /** BCP 47; empty if unknown. */
  languages: string[]
  license?: string
  /** Tokens of a pair the model was trained for. */
  maxLength: number
  /** Tokens its position embeddings allow. */
  maxPositions: number
  /** Weight files known to exist; for others the hub's naming is tried. */
  dtypes: Partial<Record<Dtype, WeightFiles>>
  /** True where `dtypes` is the whole truth. */
  complete: boolean
  recommended: Partial<Record<Device, Dtype>>
  activation: Activation
  /** What the first stage's order counts for by default, in logits, 0 or more. */
  firstStageWeight: number
  /** Pairs whose logits PyTorch computed in fp32. */
  canaries: { query: string; document: string; logit: number }[]
  /** How far off a canary's logit may be, by dtype. */
  tolerance: Partial<Record<Dtype, number>>
  files: Record<string, FileFacts>
  /** Sizes of weights that somebody published, for deciding what fits; downloads are checked against `files`. */
  bytes?: Partial<Record<Dtype, number>>
  /** Counted from config.json; undefined where it does not say enough. */
  parameterCount?: ParameterCount
  /** Of a language model; encoders have a pair template in tokenizer.json. */
  prompt?: YesNoPrompt
  /** Of a late-interaction model (docs/late-interaction.md): length of a token embedding. */
  dimensions?: number
  /** Of a late-interaction model: tokens of a query, special tokens included. */
  queryMaxLength?: number
  /** Of a late-interaction model: tokens that stand behind the first special token, and say which kind of text it is. */
  markers?: { query?: string; document?: string }
  /** Of a late-interaction model: queries are filled up with the mask token, and whether their own tokens look at those. */
  queryExpansion?: 'attended' | 'unattended'
  /** Of a late-interaction model: tokens of documents that are read and then left out of account. */
  skipWords?: string[]
  /** Of a late-interaction model: texts are read in lower case. */
  lowercase?: boolean
  /** Of a late-interaction model: what makes token embeddings of the encoder's states, where its graph does not. */
  projection?: DenseFiles[]
  /**
   * Of a late-interaction model: what token embeddings are rounded to; documents scored by all bits where fewer are wanted. Without
   * it they are kept exactly.
   */
  codes?: { bits: number; step: number; scales: number[]; shortlist: number }
  /** Of a late-interaction model: what its logit is made of; `rarity` is a file with a byte for each token id. */
  terms?: Terms & { rarity?: string }
}

/** The parts of a Hugging Face config.json that matter here. */
export interface ModelConfig {
  model_type?: string
  architectures?: string[]
  num_labels?: number
  id2label?: Record<string, string>
  max_position_embeddings?: number
  vocab_size?: number
  hidden_size?: number
  num_hidden_layers?: number
  intermediate_size?: number
  num_attention_heads?: number
  num_key_value_heads?: number
  head_dim?: number
}

const SUFFIX: Record<Dtype, string> = {
  fp32: '',
  fp16: '_fp16',
  q8: '_quantized',
  int8: '_int8',
  uint8: '_uint8',
  q4: '_q4',
  q4f16: '_q4f16',
}

/** Files of a dtype: the manifest's, or the hub's naming convention. */
export function weightFiles(manifest: ModelManifest, dtype: Dtype): WeightFiles {
  return manifest.dtypes[dtype] ?? { file: `onnx/model${SUFFIX[dtype]}.onnx` }
}

/** The weights that `modelFile` names, if it does. */
export function namedWeights({ modelFile: file, dtype = 'auto' }: Pick<ModelOptions, 'modelFile' | 'dtype'>) {
  return file === undefined ? undefined : { file, dtype: dtype === 'auto' ? dtypeOfFile(file) : dtype }
}

/**
 * The number format that a file's name tells, where it is none of the hub's own names: sentence-transformers writes
 * `model_qint8_avx512.onnx`, `model_quint8_avx2.onnx`, `model_O3.onnx` and `model_O4.onnx` (the fp16 one).
 */
function dtypeOfFile(file: string): Dtype {
  const name = file.slice(file.lastIndexOf('/') + 1).toLowerCase()
  const found = (Object.keys(NAMES) as (keyof typeof NAMES)[]).find((dtype) => NAMES[dtype].test(name))
  return found ?? 'fp32'
}

/** In an order in which the longer name comes first. */
const NAMES: Record<Exclude<Dtype, 'fp32'>, RegExp> = {
  q4f16: /q4f16/,
  q4: /q4|bnb4/,
  fp16: /fp16|_o4\b/,
  uint8: /uint8/,
  int8: /int8/,
  q8: /quantized|q8/,
}

/** Encoders that read a query and a document in one sequence and answer with one logit. `new` is GTE's own. */
const ARCHITECTURES = ['bert', 'roberta', 'xlm-roberta', 'camembert', 'distilbert', 'electra', 'deberta-v2', 'modernbert', 'new']

/**
 * Language models that are asked whether the document answers the query, with the prompt they were trained on.
 *
 * Source: the card of Qwen/Qwen3-Reranker-0.6B, its default instruction included.
 */
const PROMPTS: Record<string, YesNoPrompt> = {
  qwen3: {
    text:
      '<|im_start|>system\nJudge whether the Document meets the requirements based on the Query and the Instruct provided. ' +
      'Note that the answer can only be "yes" or "no".<|im_end|>\n<|im_start|>user\n' +
      '<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n' +
      '<Query>: {query}\n<Document>: {document}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n',
    yes: 'yes',
    no: 'no',
  },
}

/** RoBERTa's positions start behind the padding index, so two of its table's rows are never used. */
const OFFSET_POSITIONS = ['roberta', 'xlm-roberta', 'camembert']

/** Tokens of the shortest pair worth a name, special tokens included. */
const MIN_POSITIONS = 8

/** Fallback tolerance for models whose canaries say none. */
export const DEFAULT_TOLERANCE: Record<Dtype, number> = { fp32: 1e-3, fp16: 0.1, q8: 1, int8: 1, uint8: 1, q4: 1, q4f16: 1 }

/**
 * The manifest of a model, from its config.json and, where it has one, its page-rerank.json.
 *
 * @throws ModelLoadError (`model-unsupported`) with the config's facts, for anything but a classifier with one label or a
 *   language model with a known prompt
 */
export function createManifest(id: string, revision: string, config: ModelConfig, manifestJson?: ManifestJson): ModelManifest {
  const architecture = manifestJson?.architecture ?? checkSupported(id, config)
  const rows = config.max_position_embeddings ?? Math.max(512, manifestJson?.maxLength ?? 0)
  const maxPositions = OFFSET_POSITIONS.includes(architecture) ? rows - 2 : rows
  if (maxPositions < MIN_POSITIONS) {
    throw new ModelLoadError('model-unsupported', `${id} reads ${maxPositions} tokens at most, too few for a query and a document.`, {
      file: 'config.json',
    })
  }
  return {
    kind: 'cross-encoder',
    revision,
    languages: [],
    dtypes: {},
    recommended: {},
    activation: 'sigmoid',
    firstStageWeight: 0,
    canaries: [],
    tolerance: {},
    files: {},
    prompt: manifestJson?.kind !== 'late-interaction' && Object.hasOwn(PROMPTS, architecture) ? PROMPTS[architecture] : undefined,
    ...manifestJson,
    complete: manifestJson?.dtypes !== undefined && (manifestJson.complete ?? true),
    id,
    architecture,
    parameterCount: countParameters(config),
    maxPositions,
    maxLength: Math.min(manifestJson?.maxLength ?? maxPositions, maxPositions),
    ...(manifestJson?.queryMaxLength && { queryMaxLength: Math.min(manifestJson.queryMaxLength, maxPositions) }),
  }
}

/** Whether a config.json is that of a model that is asked about a query and a document together. */
export function readsPairs({ architectures = [] }: ModelConfig): boolean {
  return architectures.some((name) => name.endsWith('ForSequenceClassification') || name.endsWith('ForCausalLM'))
}

function checkSupported(id: string, config: ModelConfig): string {
  const { model_type: type = 'unknown', architectures = [] } = config
  const facts = `model_type ${type}, architectures [${architectures.join(', ')}]`
  const refuse = (why: string): never => {
    throw new ModelLoadError(
      'model-unsupported',
      `${id} is not a reranker this library can run: ${why} (${facts}). Choose a cross-encoder with one label, or a ColBERT model with its own config files (docs/models.md).`,
      {
        file: 'config.json',
      },
    )
  }
  if (Object.hasOwn(PROMPTS, type) && architectures.every((name) => name.endsWith('ForCausalLM'))) return type
  const known = [...ARCHITECTURES, ...Object.keys(PROMPTS)]
  if (!known.includes(type)) refuse(`its architecture is none of ${known.join(', ')}`)
  if (architectures.length > 0 && !architectures.some((name) => name.endsWith('ForSequenceClassification'))) {
    refuse('it has no sequence classification head')
  }
  // transformers' PretrainedConfig: two labels where the config names none.
  const labels = config.id2label ? Object.keys(config.id2label).length : (config.num_labels ?? 2)
  if (labels !== 1) refuse(`it has ${labels} labels`)
  return type
}
