import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createRemoteReranker } from '../../src/remote/index.js'
import { freePort } from '../support/free-port.js'
import { listen, readJson, sendJson } from '../support/tei-server.js'

test('the proxy of docs/remote.md, as it stands there: the key is its own, what the page sends beside query and documents is not passed on', async () => {
  const received: { body: object; key?: string }[] = []
  const provider = await listen(async (request, response) => {
    const body = (await readJson(request)) as { documents: string[] }
    received.push({ body, key: request.headers.authorization })
    if (received.length === 1) return sendJson(response, 429, { message: 'slow down' }, { 'retry-after': '0' })
    sendJson(response, 200, { results: body.documents.map((_, index) => ({ index, relevance_score: index / 10 })), id: 'x', meta: {} })
  })
  const code = readFileSync('docs/remote.md', 'utf8').match(/```js\n(import \{ createServer \}.+?)```/s)?.[1] ?? expect.fail('no proxy')
  const folder = mkdtempSync(join(tmpdir(), 'page-rerank-proxy-'))
  writeFileSync(join(folder, 'proxy.mjs'), code.replace('https://api.cohere.com', provider.url))
  const PORT = String(await freePort())
  const proxy = spawn(process.execPath, [join(folder, 'proxy.mjs')], {
    env: { ...process.env, PORT, COHERE_API_KEY: 'secret' },
    stdio: 'inherit',
  })
  try {
    const url = `http://127.0.0.1:${PORT}/api/rerank`
    // It takes a moment to start.
    await expect
      .poll(
        () =>
          fetch(url).then(
            ({ status }) => status,
            () => 0,
          ),
        { timeout: 20_000 },
      )
      .toBe(404)
    const reranker = createRemoteReranker({ url, flavour: 'cohere', model: 'an expensive one' })
    const { results } = await reranker.rerank('query', ['a', 'b', 'c'])
    expect(results.map(({ index }) => index)).toEqual([2, 1, 0])
    expect(results.map(({ score }) => score?.toFixed(6))).toEqual(['0.200000', '0.100000', '0.000000'])
    expect(received).toHaveLength(2)
    expect(received[1]).toEqual({ body: { model: 'rerank-v3.5', query: 'query', documents: ['a', 'b', 'c'] }, key: 'Bearer secret' })
    // What is too large and what is no JSON is said to be so, and who goes away in the middle harms nobody.
    await expect(reranker.rerank('query', ['x'.repeat(20_000_000)])).rejects.toMatchObject({ status: 413 })
    expect((await fetch(url, { method: 'POST', body: 'no JSON' })).status).toBe(400)
    const half = connect(Number(PORT), '127.0.0.1')
    await once(half, 'connect')
    half.write('POST /api/rerank HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\n{"query":', () => half.destroy())
    await once(half, 'close')
    await reranker.rerank('query', ['a'], { maxLength: 64 })
    expect(received.at(-1)?.body).toMatchObject({ max_tokens_per_doc: 64 })
  } finally {
    proxy.kill()
    await once(proxy, 'exit')
    await provider.close()
    rmSync(folder, { recursive: true })
  }
})
