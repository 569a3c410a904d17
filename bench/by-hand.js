// @ts-check
/** Pairs in a batch: a thousand padded ones would take gigabytes. */
const BATCH = 100

/**
 * Reranking with transformers.js as its users write it by hand: padded batches of pairs through
 * AutoModelForSequenceClassification. (Its tokenizer joins a pair by the template of tokenizer.json, as ours does.)
 *
 * @param {typeof import('@huggingface/transformers')} transformers
 * @param {string} folder address of the folder that holds the model's folder
 * @param {string} model a cross-encoder's folder
 * @param {'cpu' | 'wasm'} device
 * @returns {Promise<(query: string, documents: readonly string[]) => Promise<number[]>>} order of the documents
 */
export async function byHand({ AutoModelForSequenceClassification, AutoTokenizer, env }, folder, model, device) {
  env.allowRemoteModels = false
  env.allowLocalModels = true
  env.localModelPath = folder
  const tokenizer = await AutoTokenizer.from_pretrained(model)
  const classifier = await AutoModelForSequenceClassification.from_pretrained(model, {
    dtype: 'q8',
    device,
    // One thread; in a page that is not cross-origin isolated WASM has no more.
    ...(device === 'cpu' && { session_options: { intraOpNumThreads: 1, interOpNumThreads: 1 } }),
  })
  return async (query, documents) => {
    /** @type {number[]} */
    const scores = []
    for (let from = 0; from < documents.length; from += BATCH) {
      const some = documents.slice(from, from + BATCH)
      const inputs = tokenizer(new Array(some.length).fill(query), {
        text_pair: [...some],
        padding: true,
        truncation: true,
        max_length: 256,
      })
      const { logits } = await classifier(inputs)
      scores.push(.../** @type {Float32Array} */ (logits.data))
    }
    return documents.map((_, i) => i).sort((a, b) => Number(scores[b]) - Number(scores[a]))
  }
}
