// @ts-check
import { createReranker } from 'page-rerank'
import { smallZh } from 'page-rerank-small-zh'

const documents = ['渡轮每四十分钟开出一班。', '水微微沸腾后把鸡蛋放进去，煮七分钟。', '蜜蜂靠太阳找到回家的路。']

try {
  const reranker = await createReranker({ model: smallZh })
  const { results } = await reranker.rerank('怎么煮鸡蛋', documents)
  Object.assign(globalThis, { outcome: { info: reranker.info, first: results[0]?.document } })
} catch (error) {
  Object.assign(globalThis, { outcome: { error: String(error) } })
}
