import type { ModelConfig } from './manifest.js'

/** Weights of a model, counted from its config.json. */
export interface ParameterCount {
  /** Word embeddings: looked up, never multiplied. */
  embeddings: number
  /** Attention and feed-forward layers: each is multiplied once a token. */
  layers: number
}

/** @returns undefined where the config does not say enough */
export function countParameters(config: ModelConfig): ParameterCount | undefined {
  const { vocab_size, hidden_size: width, num_hidden_layers, intermediate_size } = config
  if (!vocab_size || !width || !num_hidden_layers || !intermediate_size) return undefined
  const heads = config.num_attention_heads ?? 1
  const headWidth = config.head_dim ?? width / heads
  const keyValueHeads = config.num_key_value_heads ?? heads
  const attention = 2 * width * headWidth * (heads + keyValueHeads)
  const feedForward = (GATED.includes(config.model_type ?? '') ? 3 : 2) * width * intermediate_size
  return { embeddings: vocab_size * width, layers: num_hidden_layers * (attention + feedForward) }
}

/** Feed-forward layers with a third matrix. */
const GATED = ['modernbert', 'new', 'qwen3']
