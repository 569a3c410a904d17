// @ts-check
import { ask, lines } from './ask.js'
import { DOCUMENTS, query } from './documents.js'
import { printReranked } from './rerank.js'

/**
 * Elasticsearch or OpenSearch first, page-rerank over its hits.
 *
 * ELASTICSEARCH_URL=http://localhost:9200 node elasticsearch.js "undo the last commit but keep my files"
 *
 * ELASTICSEARCH_AUTHORIZATION is the header of that name where the server asks for one: "ApiKey …" or "Basic …".
 */
const { ELASTICSEARCH_URL: url = 'http://localhost:9200', ELASTICSEARCH_AUTHORIZATION: authorization } = process.env
const index = `${url}/page-rerank-example`

const actions = DOCUMENTS.flatMap(({ id, title, body }) => [{ index: { _id: id } }, { title, body }])
const headers = { authorization, 'content-type': 'application/x-ndjson' }
const written = JSON.parse(await ask('POST', `${index}/_bulk?refresh=wait_for`, lines(actions), headers))
if (written.errors) throw new Error(`Documents were refused: ${JSON.stringify(written.items)}`)

const request = { size: 100, query: { multi_match: { query, fields: ['title', 'body'] } } }
const { hits } = JSON.parse(await ask('POST', `${index}/_search`, request, { authorization }))
await printReranked(
  query,
  hits.hits.map((/** @type {{ _source: import('./documents.js').Hit }} */ { _source }) => _source),
)
