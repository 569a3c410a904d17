// @ts-check
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from './ask.js'
import { DOCUMENTS, query } from './documents.js'
import { printReranked } from './rerank.js'

/**
 * Meilisearch first, page-rerank over its hits. examples/http.js is the same in a search box.
 *
 * MEILISEARCH_URL=http://localhost:7700 MEILISEARCH_KEY=… node meilisearch.js "undo the last commit but keep my files"
 */
const { MEILISEARCH_URL: url = 'http://localhost:7700', MEILISEARCH_KEY: key } = process.env
const headers = { authorization: key && `Bearer ${key}` }
const index = `${url}/indexes/page-rerank-example`

const { taskUid } = JSON.parse(await ask('POST', `${index}/documents?primaryKey=id`, DOCUMENTS, headers))
for (let status = 'enqueued'; status !== 'succeeded'; await sleep(100)) {
  const task = JSON.parse(await ask('GET', `${url}/tasks/${taskUid}`, undefined, headers))
  if (task.status === 'failed' || task.status === 'canceled') throw new Error(`Documents were refused: ${JSON.stringify(task.error)}`)
  status = task.status
}

// Words may be missing, the most frequent ones first, else a question of many words finds nothing.
const request = { q: query, limit: 100, matchingStrategy: 'frequency' }
const { hits } = JSON.parse(await ask('POST', `${index}/search`, request, headers))
await printReranked(query, hits)
