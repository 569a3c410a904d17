import { describe, expect, test, vi } from 'vitest'
import { SessionError } from '../../../src/errors.js'
import { type AppOptions, type AppState, createApp } from '../../../src/serve/app.js'
import { Metrics } from '../../../src/serve/metrics.js'
import { RequestQueue } from '../../../src/serve/queue.js'
import { RequestError } from '../../../src/serve/request-error.js'
import { createOverlapReranker } from '../../node/overlap-reranker.js'

const body = { query: 'a cat', texts: ['no dog', 'a cat'] }

function setUp(options: Partial<AppOptions> = {}, { reranker = createOverlapReranker(), maxQueue = 5, isLoaded = true } = {}) {
  const state: AppState = { ...(isLoaded && { reranker }), stopping: false, calls: new Set() }
  const queue = new RequestQueue(1, maxQueue)
  const metrics = new Metrics(queue, () => state.reranker?.info)
  const onError = vi.fn()
  const settings: AppOptions = {
    maxBody: 1000,
    maxDocuments: 10,
    timeoutMs: 5000,
    ranking: { firstStageWeight: 0 },
    version: '1.2.3',
    ...options,
  }
  const app = createApp(settings, { state, queue, metrics, metricsText: () => metrics.text(), onError })
  const post = (content: unknown = body, init: RequestInit = {}, path = '/rerank') =>
    app.request(path, {
      method: 'POST',
      body: typeof content === 'string' ? content : JSON.stringify(content),
      headers: { 'content-type': 'application/json' },
      ...init,
    })
  return { app, state, queue, metrics, onError, post }
}

/** A reranker whose calls last until they are aborted. */
function endless() {
  const reranker = createOverlapReranker()
  const signals: AbortSignal[] = []
  reranker.rerank = (_query, _documents, options) => {
    const signal = options?.signal as AbortSignal
    signals.push(signal)
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  return { reranker, signals }
}

describe('an order', () => {
  test.each(['/rerank', '/v1/rerank', '/v2/rerank'])('at %s in the shape of the request', async (path) => {
    const { post } = setUp()
    expect(await (await post({ ...body, raw_scores: true }, {}, path)).json()).toEqual([
      { index: 1, score: 2 },
      { index: 0, score: 0 },
    ])
    const answer = await post({ query: body.query, documents: body.texts, top_n: 1, raw_scores: true }, {}, path)
    expect(await answer.json()).toMatchObject({ model: 'word-overlap', results: [{ index: 1, relevance_score: 2 }] })
  })

  test('the place in the request counts for nothing, unless it is said', async () => {
    const texts = ['no dog', 'a dog']
    const order = async (firstStageWeight: number) => {
      const answer = await setUp({ ranking: { firstStageWeight } }).post({ query: 'a', texts })
      return ((await answer.json()) as { index: number }[]).map(({ index }) => index)
    }
    expect(await order(0)).toEqual([1, 0])
    expect(await order(100)).toEqual([0, 1])
  })
})

describe('refusals', () => {
  test.each<[what: string, status: number, type: string, content: unknown, init?: RequestInit]>([
    ['no JSON', 400, 'Validation', '{"query":'],
    ['brackets in brackets', 400, 'Validation', `{"query":"q","texts":${'['.repeat(120)}${']'.repeat(120)}}`],
    ['no body', 400, 'Validation', ''],
    ['another type', 415, 'UnsupportedMediaType', body, { headers: { 'content-type': 'text/plain' } }],
    ['no type', 415, 'UnsupportedMediaType', body, { headers: {} }],
    ['a packed body', 415, 'UnsupportedMediaType', body, { headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' } }],
    ['a wrong type', 422, 'Validation', { ...body, texts: 'x' }],
    ['too many documents', 422, 'Validation', { ...body, texts: Array(11).fill('x') }],
    ['too large', 413, 'TooLarge', { ...body, texts: ['x'.repeat(1000)] }],
  ])('%s: %i', async (_, status, type, content, init) => {
    const { post, onError } = setUp()
    const answer = await post(content, init)
    expect(answer.status).toBe(status)
    expect(await answer.json()).toMatchObject({ error_type: type, error: expect.stringMatching(/^[A-Zqt].+\.$/) })
    expect(onError).not.toHaveBeenCalled()
  })

  test('brackets in a text are no depth, nor is what is said as it is an encoding', async () => {
    const headers = { 'content-type': 'application/json', 'content-encoding': 'Identity' }
    const answer = await setUp().post({ query: 'a', texts: ['"\\"', '['.repeat(200)] }, { headers })
    expect(answer.status).toBe(200)
  })

  test('a client that leaves in the middle of its body is no fault of the server, and holds no place before', async () => {
    const { post, onError, metrics, queue } = setUp({}, { maxQueue: 0 })
    let leave = (_: Error) => {}
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"query"'))
        leave = (error) => controller.error(error)
      },
    })
    const asked = post('', { body: stream, duplex: 'half' } as RequestInit)
    expect((await post()).status).toBe(200)
    expect(queue.waiting).toBe(0)
    leave(new Error('aborted'))
    expect((await asked).status).toBe(499)
    expect(onError).not.toHaveBeenCalled()
    expect(await metrics.text()).toContain('{shape="unknown",status="499"} 1')
  })

  test('a body that does not arrive in time: 408, and the connection is of no more use', async () => {
    const answer = await setUp({ timeoutMs: 20 }).post('', { body: new ReadableStream({}), duplex: 'half' } as RequestInit)
    expect([answer.status, answer.headers.get('connection')]).toEqual([408, 'close'])
  })

  test('the rest of a body that is refused is passed over, up to a bound', async () => {
    const { post } = setUp()
    const sized = (bytes: number) => post('', { body: new Uint8Array(bytes) })
    expect([(await sized(3000)).status, (await sized(3000)).headers.get('connection')]).toEqual([413, null])
    let sent = 0
    const endless = new ReadableStream({
      pull(controller) {
        sent += 100
        controller.enqueue(new Uint8Array(100))
      },
    })
    const answer = await post('', { body: endless, duplex: 'half' } as RequestInit)
    expect([answer.status, answer.headers.get('connection')]).toEqual([413, 'close'])
    expect(sent).toBeLessThan(50_000)
  })

  test('bytes that are no UTF-8', async () => {
    const answer = await setUp().post('', { body: new Uint8Array([0x22, 0xff, 0x22]) })
    expect(answer.status).toBe(400)
  })

  test('a path that is not there, and a method that it does not take', async () => {
    const { app } = setUp()
    const missing = await app.request('/rank', { method: 'POST' })
    expect([missing.status, await missing.json()]).toMatchObject([404, { error_type: 'NotFound' }])
    for (const [path, method, allow] of [
      ['/v1/rerank', 'GET', 'POST'],
      ['/health', 'POST', 'GET, HEAD'],
      ['/metrics', 'DELETE', 'GET, HEAD'],
    ] as const) {
      const answer = await app.request(path, { method })
      expect([answer.status, answer.headers.get('allow'), await answer.json()]).toMatchObject([
        405,
        allow,
        { error_type: 'MethodNotAllowed' },
      ])
    }
  })

  test('what is wrong inside is told to the log alone', async () => {
    const reranker = createOverlapReranker()
    const error = new SessionError('session-failed', 'secret')
    reranker.rerank = async () => {
      throw error
    }
    const { post, onError } = setUp({}, { reranker })
    const answer = await post()
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('secret')])
    expect(onError).toHaveBeenCalledExactlyOnceWith(error)
  })
})

describe('the queue', () => {
  test('429 with Retry-After where it is full, and everything is answered again when it is not', async () => {
    const { reranker } = endless()
    const { post, state, queue } = setUp({}, { reranker, maxQueue: 1 })
    const [one, two] = [post(), post()]
    await vi.waitFor(() => expect([queue.running, queue.waiting]).toEqual([1, 1]))
    const refused = await post('not even JSON')
    expect([refused.status, refused.headers.get('retry-after'), await refused.json()]).toMatchObject([
      429,
      '1',
      { error_type: 'Overloaded' },
    ])
    for (const call of state.calls) call.abort(new RequestError(503, 'Unhealthy', 'The end.', 1))
    expect([(await one).status, (await two).status]).toEqual([503, 503])
    expect([queue.running, queue.waiting]).toEqual([0, 0])
    state.reranker = createOverlapReranker()
    expect((await post()).status).toBe(200)
  })

  test('and where those that are here already are too large together', async () => {
    const { reranker } = endless()
    const { post, state, queue } = setUp({}, { reranker, maxQueue: 1000 })
    const large = { ...body, padding: 'x'.repeat(900) }
    const asked = Array.from({ length: 33 }, () => post(large))
    await vi.waitFor(() => expect([queue.running, queue.waiting]).toEqual([1, 32]))
    const refused = await post(large)
    expect([refused.status, await refused.json()]).toMatchObject([429, { error_type: 'Overloaded' }])
    for (const call of state.calls) call.abort(new RequestError(503, 'Unhealthy', 'The end.', 1))
    await Promise.all(asked)
    // Of what was answered nothing is counted any more.
    state.reranker = createOverlapReranker()
    for (let i = 0; i < 40; i++) expect((await post(large)).status).toBe(200)
  })

  test('a client that leaves ends its call, and one that waits never has it', async () => {
    const { reranker, signals } = endless()
    const { post, queue } = setUp({}, { reranker })
    const [first, second] = [new AbortController(), new AbortController()]
    const one = post(body, { signal: first.signal })
    const two = post(body, { signal: second.signal })
    await vi.waitFor(() => expect([queue.running, queue.waiting]).toEqual([1, 1]))
    second.abort()
    expect((await two).status).toBe(499)
    first.abort()
    expect((await one).status).toBe(499)
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
    expect([queue.running, queue.waiting]).toEqual([0, 0])
  })

  test('a request that takes too long ends with 504, and its call with it', async () => {
    const { reranker, signals } = endless()
    const { post } = setUp({ timeoutMs: 20 }, { reranker })
    const answer = await post()
    expect([answer.status, await answer.json()]).toMatchObject([504, { error_type: 'Timeout' }])
    expect(signals[0]?.aborted).toBe(true)
  })
})

describe('health', () => {
  test('503 until the model is there, and when the server stops, which still answers what it is asked', async () => {
    const { app, state, post } = setUp({}, { isLoaded: false })
    for (const path of ['/health', '/info']) {
      const early = await app.request(path)
      expect([early.status, early.headers.get('retry-after')]).toEqual([503, '2'])
    }
    expect((await post()).status).toBe(503)
    state.reranker = createOverlapReranker()
    expect((await app.request('/health')).status).toBe(200)
    expect((await app.request('/health', { method: 'HEAD' })).status).toBe(200)
    state.stopping = true
    const late = await app.request('/health')
    expect([late.status, late.headers.get('connection')]).toEqual([503, 'close'])
    const order = await post()
    expect([order.status, order.headers.get('connection')]).toEqual([200, 'close'])
  })

  test('/info says what runs', async () => {
    const answer = await setUp().app.request('/info')
    expect(await answer.json()).toMatchObject({
      model_id: 'word-overlap',
      model_dtype: 'fp32',
      max_client_batch_size: 10,
      version: '1.2.3',
      page_rerank: { kind: 'cross-encoder' },
    })
  })

  test('/metrics counts orders and refusals', async () => {
    const { app, post, state } = setUp({ timeoutMs: 50 })
    await post()
    await post({ query: 'q', documents: ['a', 'b', 'c'] })
    await post('no JSON')
    // Not ranked.
    state.reranker = endless().reranker
    expect((await post()).status).toBe(504)
    const answer = await app.request('/metrics')
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
    const text = await answer.text()
    expect(text.match(/^page_rerank_requests_total.*$/gm)).toEqual([
      'page_rerank_requests_total{shape="tei",status="200"} 1',
      'page_rerank_requests_total{shape="cohere",status="200"} 1',
      'page_rerank_requests_total{shape="unknown",status="400"} 1',
      'page_rerank_requests_total{shape="tei",status="504"} 1',
    ])
    expect(text).toContain('\npage_rerank_documents_total 5\n')
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  })
})

describe('who may ask', () => {
  test('with a key, those who send it; health and metrics are everybody’s', async () => {
    const { app, post, metrics } = setUp({ apiKey: 'open-sesame' })
    const withKey = (authorization: string) => ({ headers: { 'content-type': 'application/json', authorization } })
    for (const init of [{}, withKey('Bearer other'), withKey('open-sesame'), withKey('Basic open-sesame')]) {
      const answer = await post(body, init)
      expect([answer.status, await answer.json()]).toMatchObject([401, { error_type: 'Unauthorized' }])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
    }
    expect(await metrics.text()).toContain('{shape="unknown",status="401"} 4')
    expect((await post(body, withKey('Bearer open-sesame'))).status).toBe(200)
    expect((await app.request('/info')).status).toBe(401)
    for (const path of ['/health', '/metrics']) expect((await app.request(path)).status).toBe(200)
  })

  test('pages of the origins that are named, before they know the key', async () => {
    const { app, post } = setUp({ apiKey: 'k', cors: ['https://a.example'] })
    const preflight = (origin: string) =>
      app.request('/rerank', {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type' },
      })
    const allowed = await preflight('https://a.example')
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://a.example')
    expect(allowed.headers.get('access-control-allow-headers')).toBe('authorization,content-type')
    expect((await preflight('https://b.example')).headers.get('access-control-allow-origin')).toBeNull()
    const refused = await post(body, { headers: { origin: 'https://a.example' } })
    // A page can read why.
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, 'https://a.example'])
    const any = await setUp({ cors: ['*'] }).post(body, { headers: { origin: 'https://c.example', 'content-type': 'application/json' } })
    expect(any.headers.get('access-control-allow-origin')).toBe('*')
  })
})
