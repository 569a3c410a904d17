import { execFile } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { createReranker } from 'page-rerank/node'
import { expect, test } from 'vitest'

/** The model runs in worker threads in Node. */
const DOCUMENTS = Array.from({ length: 120 }, (_, i) => `document ${i} about nothing in particular ${'and more of it '.repeat(i % 9)}`)

test('more threads change no logit, and the caller’s thread stays free', async () => {
  const pairs = DOCUMENTS.map((document) => ['what is it about', document] as const)
  await using one = await createReranker({ threads: 1 })
  await using four = await createReranker({ threads: 4 })
  expect([one.info.threads, four.info.threads]).toEqual([1, 4])
  const before = performance.eventLoopUtilization()
  const logits = await four.computeScore(pairs)
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.8)
  expect(logits).toEqual(await one.computeScore(pairs))
})

/** How a process with a reranker at work ends. */
function exitCode(script: string): Promise<unknown> {
  const code = `
    import { createReranker } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)}
    const reranker = await createReranker({ model: 'test/reference/bert', dtype: 'fp32', threads: 4 })
    const documents = Array.from({ length: 300 }, (_, i) => 'document ' + i + ' and more of it'.repeat(i % 29))
    const work = () => reranker.rerank('a query', documents)
    const workOn = async () => { for (;;) await work() }
    ${script}`
  return new Promise((resolve) => {
    execFile(process.execPath, ['--input-type=module', '--eval', code], (error) => resolve(error ? (error.code ?? error.signal) : 0))
  })
}

test.each([
  ['process.exit', 'setTimeout(() => process.exit(7), 50 + Math.random() * 300); await workOn()', 7, 8],
  ['an error that nobody catches', 'setTimeout(() => { throw new Error() }, 50 + Math.random() * 300); await workOn()', 1, 8],
  ['nothing left to do, without dispose', 'await work()', 0, 2],
  ['dispose in the middle', 'await Promise.allSettled([work(), reranker.dispose()])', 0, 2],
])('a process ends as it should by %s', async (_, script, expected, times) => {
  // A thread that comes back from native code into an ended process crashes it, one time in four.
  const codes = await Promise.all(Array.from({ length: times }, () => exitCode(script)))
  expect(codes).toEqual(codes.map(() => expected))
})
