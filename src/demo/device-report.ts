import type { LocalRerankerInfo } from 'page-rerank'
import { quantile } from './latency-chart.js'
import type { Settings } from './settings.js'

/** What a bug report or a message to a colleague needs: the device, what runs on it, and how fast. English, for whoever reads it. */
export function deviceReport(info: LocalRerankerInfo, milliseconds: readonly number[]): string {
  const within = (share: number) => `${quantile(milliseconds, share).toFixed(1)} ms`
  const { model, revision, kind, device, dtype, runtime, adapter, threads, worker, selfTest, timings, bytes, fallbacks } = info
  return [
    'page-rerank, what is running',
    `model: ${model}${revision ? ` (${revision})` : ''}, ${kind}`,
    `device: ${device}${adapter ? ` (${adapter})` : ''}, ${dtype}, ${runtime}, threads: ${threads}, worker: ${worker}`,
    `self-test: ${selfTest.result}${selfTest.maxError === undefined ? '' : `, off by ${selfTest.maxError.toPrecision(2)} of ${selfTest.tolerance} allowed`}`,
    `loaded: ${Math.round(timings.total)} ms; bytes: ${bytes.network} network, ${bytes.cache} cache, ${bytes.local} local`,
    ...fallbacks.map((one) => `not used: ${one.device}${'dtype' in one && one.dtype ? ` ${one.dtype}` : ''}, ${one.code}: ${one.reason}`),
    milliseconds.length > 0
      ? `orders: ${milliseconds.length}, median ${within(0.5)}, 95 of 100 within ${within(0.95)}`
      : 'orders: none yet',
    `cross-origin isolated: ${crossOriginIsolated}; cores: ${navigator.hardwareConcurrency}`,
    `browser: ${navigator.userAgent}`,
  ].join('\n')
}

/** The code that does on a page of one's own what is on the screen. */
export function snippet({ q, pool, budget, device, dtype, model }: Settings, isChinese: boolean): string {
  const packaged = model === 'page-rerank-tiny-en' ? 'tinyEn' : !model && isChinese ? 'smallZh' : undefined
  const name = packaged === 'tinyEn' ? 'page-rerank-tiny-en' : 'page-rerank-small-zh'
  const options = [
    ...(packaged ? [`model: ${packaged}`] : model ? [`model: ${JSON.stringify(model)}`] : []),
    ...(device === 'auto' ? [] : [`device: '${device}'`]),
    ...(dtype === 'auto' ? [] : [`dtype: '${dtype}'`]),
  ]
  const call = ['text', 'topN: 10', ...(budget ? [`budgetMs: ${budget}`] : [])]
  const documents = pool === 0 ? 'entries' : `firstStage(query).slice(0, ${pool})`
  return [
    "import { createReranker } from 'page-rerank'",
    ...(packaged ? [`import { ${packaged} } from '${name}'`] : []),
    '',
    `const reranker = await createReranker(${options.length > 0 ? `{ ${options.join(', ')} }` : ''})`,
    "const text = (entry) => entry.title + '\\n' + entry.text",
    ...(pool === 0 ? ['await reranker.prepare(entries, { text })'] : []),
    `const query = ${JSON.stringify(q || 'how do I …')}`,
    `const { results } = await reranker.rerank(query, ${documents}, { ${call.join(', ')}${pool === 0 ? ', firstStageWeight: 0' : ''} })`,
    '',
  ].join('\n')
}
