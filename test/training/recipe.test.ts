import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createReranker } from 'page-rerank/node'
import { beforeAll, expect, test } from 'vitest'
import { describeWhere } from '../support/needs.js'

/**
 * The training recipe on little data, from documentation that is installed anyway to a model folder that the library loads.
 * Needs training/.venv, which `training/setup` makes (CI does).
 */
const root = fileURLToPath(new URL('../..', import.meta.url))
const missing = existsSync(`${root}/training/.venv/requirements.txt`)
  ? undefined
  : 'there is no training/.venv; run training/setup first, it needs Python 3.11 or newer and 5 GB'

describeWhere(missing, 'SMOKE=1 training/recipe.sh', () => {
  const work = `${root}/training/.work/smoke`
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'))
  let seconds = 0

  beforeAll(() => {
    const began = performance.now()
    const { status, stdout, stderr } = spawnSync('bash', ['training/recipe.sh'], {
      cwd: root,
      // One thread: two would spend their time waiting for each other beside the tests that run meanwhile.
      env: { ...process.env, SMOKE: '1', THREADS: '1' },
      encoding: 'utf8',
    })
    seconds = (performance.now() - began) / 1000
    if (status !== 0) throw new Error(`the recipe failed (${status}):\n${stdout}\n${stderr}`)
    console.log(`${stdout.trim()}\nsmoke run: ${seconds.toFixed(0)} s`)
  }, 900_000)

  test('collects documentation and keeps some of it apart', () => {
    const { npm, stdlib } = read(`${work}/collect.json`)
    for (const { train, dev } of [npm, stdlib]) {
      expect(train).toBeGreaterThan(500)
      expect(dev).toBeGreaterThan(20)
    }
  })

  test('fits and trains', () => {
    for (const fitted of ['weigh', 'weigh-tiny', 'fit']) {
      const { lossBefore, loss } = read(`${work}/${fitted}.json`)
      expect(loss).toBeLessThan(lossBefore)
    }
    for (const run of [1, 2]) {
      const [{ step, loss }] = read(`${work}/runs/smoke-late-${run}.json`).losses
      expect(step).toBe(2)
      expect(loss).toBeGreaterThan(0)
    }
    const { evaluations } = read(`${work}/runs/smoke.json`)
    expect(evaluations.map(({ step }: { step: number }) => step)).toEqual([1, 2])
    for (const { loss } of evaluations) expect(loss).toBeGreaterThan(0)
  })

  test.each([
    ['small', 'late-interaction'],
    ['tiny', 'late-interaction'],
    ['cross', 'cross-encoder'],
  ])('makes a %s model that the library takes, of the kind %s', async (size, kind) => {
    await using reranker = await createReranker({ model: `${work}/smoke-${size}` })
    expect([reranker.info.kind, reranker.info.selfTest.result]).toEqual([kind, 'passed'])
    const { results } = await reranker.rerank('how do I undo the last commit', [
      'Bananas are rich in potassium.',
      'git reset --soft HEAD~1 undoes the last commit and keeps your changes staged.',
    ])
    expect(results[0]?.index).toBe(1)
  })

  test('the small one beats BM25 on what was kept apart', () => {
    const [{ base, reranked }] = read(`${work}/eval.json`).sets
    expect(reranked.ndcg10).toBeGreaterThan(base.ndcg10)
  })
})
