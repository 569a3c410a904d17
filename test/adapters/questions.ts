import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { questions } from '../../scripts/example-questions.js'
import { extractWebApis } from '../../src/demo/corpus/web-apis.js'
import { toEntries } from '../../src/demo/document-entry.js'
import { FirstStage } from '../../src/demo/first-stage.js'

/** A question of the demo's, and what its keyword search finds. */
export interface Question {
  query: string
  documents: string[]
}

/** The first of the demo's questions to the web's APIs. */
export async function readQuestions(count: number, found: number): Promise<Question[]> {
  const entries = toEntries(extractWebApis(readFileSync(createRequire(import.meta.url).resolve('@types/web/index.d.ts'), 'utf8')))
  const firstStage = new FirstStage()
  await firstStage.add(entries)
  return questions.slice(0, count).map(([query]) => {
    const documents = Array.from(firstStage.search(query, 0).places.subarray(0, found), (at) => entries[at]?.read ?? '')
    return { query, documents }
  })
}
