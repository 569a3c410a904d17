import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type ClientRequest, get, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { endServed, type Served, startServe as serve, spawnServe } from '../support/serve-command.js'
import { createOverlapReranker } from './overlap-reranker.js'
import { run } from './run.js'

/** `page-rerank serve` as it is built, over real sockets. */
const query = 'how do I undo the last commit'
const texts = [
  'Bananas are rich in potassium.',
  'git revert makes a new commit that takes back an older one.',
  'git reset --soft HEAD~1 undoes the last commit and keeps your changes staged.',
]

afterAll(endServed)

const post = (url: string, body: unknown, init: RequestInit = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
    ...init,
  })

/** Different at each call, so that nothing of it was read before. */
let made = 0
const manyTexts = (count: number) => Array.from({ length: count }, (_, i) => `${made++} ${texts[i % texts.length]} `.repeat(5))

let server: Served
beforeAll(async () => {
  // A grace longer than a test: an end that waits for idle connections would show.
  server = await serve(
    '--max-queue',
    '8',
    '--max-documents',
    '200',
    '--grace',
    '300',
    '--cors',
    'https://a.example',
    '--index',
    '/no.index',
  )
})

const numbers = async () => {
  const lines = (await (await fetch(`${server.url}/metrics`)).text()).matchAll(/^(page_rerank_\w+)(?:\{(.*)\})? (\S+)$/gm)
  return Object.fromEntries([...lines].map(([, name, labels, value]) => [labels ? `${name} ${labels}` : name, Number(value)]))
}

/** Nothing is ranked any more. */
const idle = () => vi.waitFor(async () => expect((await numbers()).page_rerank_requests_running).toBe(0), { timeout: 10_000, interval: 20 })

describe('answers', () => {
  test('in both shapes the scores of the library, to the last digit', async () => {
    await using reranker = await createReranker()
    const { results } = await reranker.rerank(query, texts, { firstStageWeight: 0 })
    const tei = await (await post(`${server.url}/rerank`, { query, texts, raw_scores: true, return_text: true })).json()
    expect(tei).toEqual(results.map(({ index, logit, document }) => ({ index, score: logit, text: document })))
    const cohere = await post(`${server.url}/v2/rerank`, { model: 'any', query, documents: texts.map((text) => ({ text })), top_n: 2 })
    expect(await cohere.json()).toMatchObject({
      model: 'page-rerank-small-en',
      results: results.slice(0, 2).map(({ index, score }) => ({ index, relevance_score: score })),
    })
  })

  test('what the model cannot read is scored all the same', async () => {
    const answer = await post(`${server.url}/rerank`, { query: '怎么撤销最近一次提交', texts: ['香蕉', '撤销提交'] })
    const order = (await answer.json()) as { score: number }[]
    expect(order.map(({ score }) => typeof score)).toEqual(['number', 'number'])
  })

  test('health, info and numbers', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: 'ok' })
    expect(await (await fetch(`${server.url}/info`)).json()).toMatchObject({ model_id: 'page-rerank-small-en', max_client_batch_size: 200 })
    expect(await numbers()).toMatchObject({ page_rerank_ready_processes: 1, page_rerank_kept_documents: 5 })
  })

  test('pages of the origin that was named may ask', async () => {
    const answer = await post(
      `${server.url}/rerank`,
      { query, texts },
      {
        headers: { origin: 'https://a.example', 'content-type': 'application/json' },
      },
    )
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://a.example')
  })
})

describe('bad input', () => {
  test('1,000 requests that are none, and it answers as before', async () => {
    const wrong: [body: string, status: number][] = [
      ['', 400],
      ['{', 400],
      ['['.repeat(100_000), 400],
      ['null', 422],
      ['{"query":"q","texts":{}}', 422],
      ['{"query":"q","texts":[]}', 400],
      ['{"query":"q","texts":[1e999]}', 422],
      ['{"query":["q"],"documents":["a"]}', 422],
      ['{"query":"q","documents":[{"text":null}]}', 422],
      [`{"query":"q","texts":${JSON.stringify(Array(201).fill(''))}}`, 422],
    ]
    const outcomes: string[] = []
    const some = async (first: number) => {
      for (let i = first; i < 1000; i += 8) {
        const [body, status] = wrong[i % wrong.length] as (typeof wrong)[number]
        const answer = await post(`${server.url}/rerank`, body)
        const { error } = (await answer.json()) as { error: string }
        if (answer.status !== status || !/^\S.*\.$/.test(error)) outcomes.push(`${body.slice(0, 50)}: ${answer.status} ${error}`)
      }
    }
    await Promise.all(Array.from({ length: 8 }, (_, i) => some(i)))
    expect(outcomes).toEqual([])
    expect((await post(`${server.url}/rerank`, { query, texts })).status).toBe(200)
  })

  test('documents that are hard to read', async () => {
    const odd = ['', ' ', '\ud800', '\0', 'a'.repeat(100_000), '👩‍👩‍👧‍👦'.repeat(1000), '\u202etxet']
    const answer = await post(`${server.url}/rerank`, { query: '\udfff?', texts: odd })
    const order = (await answer.json()) as { index: number; score: number }[]
    expect(order.map(({ index }) => index).sort()).toEqual(odd.map((_, i) => i))
    for (const { score } of order) expect(score).toBeGreaterThanOrEqual(0)
  })

  test.each([true, false])('100 MB are refused before they are read (length said: %s)', async (isLengthSaid) => {
    const size = 100 * 2 ** 20
    const headers = { 'content-type': 'application/json', ...(isLengthSaid && { 'content-length': size }) }
    const call = request(`${server.url}/rerank`, { method: 'POST', headers })
    // It may close the connection while this is still sending.
    call.on('error', () => {})
    const answered = once(call, 'response') as Promise<[IncomingMessage]>
    const chunk = Buffer.alloc(2 ** 20, ' ')
    let sent = 0
    const send = () => {
      while (sent < size && !call.destroyed) {
        sent += chunk.length
        if (!call.write(chunk)) return void call.once('drain', send)
      }
    }
    send()
    const [response] = await answered
    expect(response.statusCode).toBe(413)
    expect(JSON.parse(await text(response))).toMatchObject({ error_type: 'TooLarge' })
    call.destroy()
    const { process_resident_memory_bytes: bytes } = Object.fromEntries(
      [...(await (await fetch(`${server.url}/metrics`)).text()).matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [
        name,
        Number(value),
      ]),
    )
    expect(bytes).toBeLessThan(1e9)
  })

  test('a head without a host, as some balancers send it', async () => {
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /health HTTP/1.0\r\n\r\n')
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('what is no HTTP', async () => {
    const { port, hostname } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    socket.write('\x16\x03\x01 hello\r\n\r\n')
    const [head, body] = (await text(socket)).split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 400 /)
    expect(JSON.parse(body as string)).toMatchObject({ error: 'This is no HTTP request.' })
  })
})

describe('load', () => {
  test('more than may wait get 429, the others their order', async () => {
    const calls = await Promise.all(Array.from({ length: 20 }, () => post(`${server.url}/rerank`, { query, texts: manyTexts(10) })))
    const statuses = calls.map(({ status }) => status)
    // Four are ranked, eight wait.
    expect(statuses.filter((status) => status === 200)).toHaveLength(12)
    expect(statuses.filter((status) => status === 429)).toHaveLength(8)
    const refused = calls.find(({ status }) => status === 429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    await Promise.all(calls.map((call) => call.arrayBuffer()))
  })

  test('a client that leaves takes its work along', async () => {
    await idle()
    const before = await numbers()
    const gone = new AbortController()
    const asked = post(`${server.url}/rerank`, { query, texts: manyTexts(200) }, { signal: gone.signal })
    await vi.waitFor(async () => expect((await numbers()).page_rerank_requests_running).toBe(1), { interval: 10 })
    gone.abort()
    await expect(asked).rejects.toThrow()
    await idle()
    const after = await numbers()
    const left = 'page_rerank_requests_total shape="tei",status="499"'
    expect((after[left] ?? 0) - (before[left] ?? 0)).toBe(1)
    // Most of it was never read.
    expect((after.page_rerank_kept_documents ?? 0) - (before.page_rerank_kept_documents ?? 0)).toBeLessThan(150)
  })
})

test('a port in use: one sentence, exit code 1', async () => {
  const { port } = new URL(server.url)
  for (const processes of ['1', '2']) {
    const child = spawnServe('--port', port, '--processes', processes)
    const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'exit')])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `page-rerank: Port ${port} of 127.0.0.1 is in use; end what listens there, or name another with --port.\n`,
    })
  }
})

describe('the end', () => {
  /** Requests under way over connections of their own, each with its head and body sent. */
  async function underLoad(url: string, count: number) {
    const agent = new Agent({ keepAlive: true })
    const answers: Promise<number | undefined>[] = []
    const sent: Promise<unknown>[] = []
    for (let i = 0; i < count; i++) {
      const call: ClientRequest = request(`${url}/rerank`, { method: 'POST', agent, headers: { 'content-type': 'application/json' } })
      answers.push(
        once(call, 'response').then(async ([response]: IncomingMessage[]) => {
          const order = JSON.parse(await text(response as IncomingMessage))
          expect(order.error ?? order.length).toBe(10)
          return response?.statusCode
        }),
      )
      sent.push(new Promise((resolve) => call.end(JSON.stringify({ query, texts: manyTexts(10) }), () => resolve(undefined))))
    }
    await Promise.all(sent)
    return { answers: Promise.all(answers), agent }
  }

  test('SIGTERM under load: all that were taken are answered, nobody else, exit code 0', async () => {
    await idle()
    const { answers, agent } = await underLoad(server.url, 10)
    // One that says nothing is not waited for.
    const silent = connect(Number(new URL(server.url).port), '127.0.0.1')
    silent.on('error', () => {})
    await once(silent, 'connect')
    // Some of the connections are not even taken yet.
    server.child.kill('SIGTERM')
    expect(await answers).toEqual(Array(10).fill(200))
    expect(await server.ended).toBe(0)
    agent.destroy()
    await expect(fetch(server.url)).rejects.toThrow()
    // An index that is not there costs time, no answers.
    expect(server.stderr()).toBe('page-rerank: There is no index at file:///no.index. Documents are read as they are needed.\n')
  })

  test('two processes: one that hangs is replaced, numbers are those of both, and SIGTERM loses nothing', async () => {
    const many = await serve('--processes', '2', '--timeout', '3')
    const numberOf = async (name: string) => {
      const metrics = await (await fetch(`${many.url}/metrics`)).text()
      return Number(new RegExp(`^${name} (\\d+)`, 'm').exec(metrics)?.[1])
    }
    const bothReady = () =>
      vi.waitFor(async () => expect(await numberOf('page_rerank_ready_processes')).toBe(2), { timeout: 30_000, interval: 50 })
    await bothReady()
    const asked = await Promise.all(Array.from({ length: 6 }, () => post(`${many.url}/rerank`, { query, texts })))
    expect(asked.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(await numberOf('page_rerank_documents_total')).toBe(18)
    const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
    const [, child] = new RegExp(`^ *(\\d+) +${many.child.pid}$`, 'm').exec(table) ?? expect.fail(table)
    // It hangs, with a connection on its way to it; the other one answers all others, and then that one too.
    process.kill(Number(child), 'SIGSTOP')
    const statuses: (number | undefined)[] = []
    for (let i = 0; i < 4; i++) get(`${many.url}/health`, { agent: false }, ({ statusCode }) => statuses.push(statusCode))
    await vi.waitFor(() => expect(statuses).toEqual([200, 200, 200]))
    const killed = 'does not answer any more, and is killed.\npage-rerank: Process \\d+ has ended by signal SIGKILL'
    await vi.waitFor(
      () => expect(many.stderr()).toMatch(new RegExp(`^page-rerank: Process \\d+ ${killed}; another one starts in 0\\.(25|5) s\\.\\n$`)),
      { timeout: 10_000 },
    )
    await vi.waitFor(() => expect(statuses).toHaveLength(4))
    // What only grows does not fall when a process ends.
    expect(await numberOf('page_rerank_documents_total')).toBe(18)
    // The other one goes on.
    expect((await post(`${many.url}/rerank`, { query, texts })).status).toBe(200)
    await bothReady()
    const load = await underLoad(many.url, 6)
    many.child.kill('SIGTERM')
    expect(await load.answers).toEqual(Array(6).fill(200))
    expect(await many.ended).toBe(0)
    load.agent.destroy()
  })

  test('two processes: of one that is killed nothing is lost in silence; one that was told to end is not told twice', async () => {
    const many = await serve('--processes', '2')
    const counted = async () => {
      const lines = await (await fetch(`${many.url}/metrics`)).text()
      const [ready, documents] = ['ready_processes', 'documents_total'].map((name) =>
        Number(new RegExp(`^page_rerank_${name} (\\d+)`, 'm').exec(lines)?.[1]),
      )
      return { ready, documents }
    }
    const bothReady = () => vi.waitFor(async () => expect((await counted()).ready).toBe(2), { timeout: 30_000, interval: 50 })
    const oldest = () => Number(execFileSync('pgrep', ['-o', '-P', String(many.child.pid)], { encoding: 'utf8' }))
    await bothReady()
    const first = await Promise.all(Array.from({ length: 4 }, () => post(`${many.url}/rerank`, { query, texts })))
    expect(first.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect((await counted()).documents).toBe(12)
    // It ends while it is asked for its numbers.
    process.kill(oldest(), 'SIGSTOP')
    const asked = counted()
    await new Promise((resolve) => setTimeout(resolve, 500))
    process.kill(oldest(), 'SIGKILL')
    expect((await asked).documents).toBe(12)
    await bothReady()
    // It has read some of these.
    const answers = Array.from({ length: 6 }, () =>
      post(`${many.url}/rerank`, { query, texts: manyTexts(70) }, { signal: AbortSignal.timeout(50_000) }),
    )
    await vi.waitFor(async () => expect(await waiting(many.url)).toBe(6), { timeout: 10_000, interval: 50 })
    process.kill(oldest(), 'SIGKILL')
    const after = (await Promise.all(answers)).map(({ status, headers }) => `${status} ${headers.get('retry-after')}`)
    expect(new Set(after)).toEqual(new Set(['200 null', '503 1']))
    await bothReady()
    const before = (await counted()).documents
    const last = Array.from({ length: 4 }, () =>
      post(`${many.url}/rerank`, { query, texts: manyTexts(70) }, { signal: AbortSignal.timeout(50_000) }),
    )
    await vi.waitFor(async () => expect(await waiting(many.url)).toBe(4), { timeout: 10_000, interval: 50 })
    process.kill(oldest(), 'SIGTERM')
    await vi.waitFor(async () => expect((await counted()).ready).toBe(1), { timeout: 10_000, interval: 50 })
    expect((await counted()).documents).toBe(before)
    many.child.kill('SIGTERM')
    expect((await Promise.all(last)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await many.ended).toBe(0)
  })
})

test('a server without onnxruntime-node says so when it starts', async () => {
  const createReranker = async () => {
    const reranker = createOverlapReranker()
    reranker.info.fallbacks.push({ device: 'cpu', dtype: 'fp32', code: 'unavailable', reason: 'onnxruntime-node is not installed: do so' })
    return reranker
  }
  // It ends where it would answer.
  const { stderr } = await run(['serve', '--port', '0', '--index', 'docs.index'], { createReranker })
  expect(stderr).toMatch(/^page-rerank: The model runs in WebAssembly, .*\. onnxruntime-node is not installed: do so\.\npage-rerank: word-/)
})

/** Requests that were read and are not answered. */
async function waiting(url: string): Promise<number> {
  const lines = await (await fetch(`${url}/metrics`)).text()
  return [...lines.matchAll(/^page_rerank_requests_(?:running|waiting) (\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
}

test.each([
  [['--port', '70000'], '--port is 70000; it must be a whole number, from 0 to 65535.'],
  [['--host', 'https://hf-mirror.com'], '--host is https://hf-mirror.com; it is where the server listens, and the hub is --hub.'],
  [['a', '--model', 'b'], 'The model is a and --model b; name one.'],
  [['--cors', 'https://a.example/'], '--cors names "https://a.example/"; did you mean https://a.example?'],
  [['--cors', 'a.example'], '--cors names "a.example"; it must be * or origins such as https://example.com.'],
  [['--host='], '--host is empty; give it a value, or leave it out.'],
  [['--port', ''], '--port is empty; give it a value, or leave it out.'],
  [['--api-key', 'a b'], 'The API key has characters that no bearer token has; use letters, digits and - . _ ~ + /.'],
  [['--timeout', '0'], '--timeout is 0; it must be a number, from 0.001 to 86400.'],
  [['--port', '0', '--index', 'docs.index'], 'word-overlap is a cross-encoder, which uses no index; leave --index out.'],
])('serve %j says what is wrong', async (argv, sentence) => {
  expect(await run(['serve', ...argv])).toMatchObject({ code: 1, stdout: '', stderr: `page-rerank: ${sentence}\n` })
})
