// @ts-check
import { ask, lines } from './ask.js'
import { DOCUMENTS, query } from './documents.js'
import { printReranked } from './rerank.js'

/**
 * Typesense first, page-rerank over its hits.
 *
 * TYPESENSE_URL=http://localhost:8108 TYPESENSE_KEY=… node typesense.js "undo the last commit but keep my files"
 */
const { TYPESENSE_URL: url = 'http://localhost:8108', TYPESENSE_KEY: key } = process.env
const headers = { 'x-typesense-api-key': key }

const fields = ['title', 'body'].map((name) => ({ name, type: 'string' }))
// 409: it is there from the last time.
await ask('POST', `${url}/collections`, { name: 'page-rerank-example', fields }, headers, [409])
const written = await ask('POST', `${url}/collections/page-rerank-example/documents/import?action=upsert`, lines(DOCUMENTS), headers)
const refused = written.split('\n').filter((line) => !JSON.parse(line).success)
if (refused.length > 0) throw new Error(`Documents were refused: ${refused.join('\n')}`)

// Words may be missing, else a question of many words finds nothing.
const search = { collection: 'page-rerank-example', q: query, query_by: 'title,body', per_page: 100, drop_tokens_threshold: 100 }
const { results } = JSON.parse(await ask('POST', `${url}/multi_search`, { searches: [search] }, headers))
if (results[0].error) throw new Error(results[0].error)
await printReranked(
  query,
  results[0].hits.map((/** @type {{ document: import('./documents.js').Hit }} */ { document }) => document),
)
