// @ts-check
/**
 * Reranking with transformers.js as its users write it by hand: one padded batch of all pairs through
 * AutoModelForSequenceClassification. (Its tokenizer joins a pair by the template of tokenizer.json, as ours does.)
 *
 * @param {typeof import('@huggingface/transformers')} transformers
 * @param {string} folder address of the folder that holds the model's folder
 * @param {string} model
 * @param {'cpu' | 'wasm'} device
 * @returns {Promise<(query: string, documents: string[]) => Promise<number[]>>} order of the documents
 */
export async function byHand({ AutoModelForSequenceClassification, AutoTokenizer, env }, folder, model, device) {
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.localModelPath = folder
  const tokenizer = await AutoTokenizer.from_pretrained(model)
  const classifier = await AutoModelForSequenceClassification.from_pretrained(model, { dtype: 'q8', device })
  return async (query, documents) => {
    const inputs = tokenizer(new Array(documents.length).fill(query), {
      text_pair: documents,
      padding: true,
      truncation: true,
      max_length: 256,
    })
    const { logits } = await classifier(inputs)
    const scores = /** @type {Float32Array} */ (logits.data)
    return documents.map((_, i) => i).sort((a, b) => Number(scores[b]) - Number(scores[a]))
  }
}
