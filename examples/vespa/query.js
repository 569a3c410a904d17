// @ts-check
import { createVectorizer } from 'page-rerank/node'

/**
 * The places of the ten best texts, and the model's logits.
 *
 * VESPA_URL=http://localhost:8080 node query.js "how do I undo the last commit"
 */
const { VESPA_URL: url = 'http://localhost:8080' } = process.env
const vectorizer = await createVectorizer()
const vectors = await vectorizer.query(process.argv[2] ?? 'how do I undo the last commit')
await vectorizer.dispose()

const response = await fetch(`${url}/search/`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    // A text's score is that of its best point, which is also the order of groups.
    yql: 'select place from point where {targetHits: 1000}nearestNeighbor(first, first) limit 0 | all(group(place) max(10) each(output(max(relevance()))))',
    ranking: 'max_sim',
    'input.query(first)': JSON.stringify(vectors[0]?.slice(0, -5)),
    'input.query(vectors)': JSON.stringify({ ...vectors }),
  }),
})
const answer = await response.json()
if (!response.ok || answer.root.errors) throw new Error(`Vespa answered ${response.status}: ${JSON.stringify(answer.root?.errors)}`)
const [lists] = answer.root.children[0].children
for (const { value, fields } of lists.children ?? []) console.log(`${value}\t${fields['max(relevance())']}`)
