import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { isRerankerError, type RemoteError } from '../../src/errors.js'
import { createRemoteReranker, type RemoteOptions } from '../../src/remote/index.js'
import { freePort } from '../support/free-port.js'
import { listen, readJson, sendJson } from '../support/tei-server.js'

/** Servers that do what servers do: a real one each time, answering in Text Embeddings Inference's shape as far as it answers at all. */

interface Asked {
  query: string
  texts: string[]
  headers: IncomingMessage['headers']
}

type Answer = (asked: Asked, response: ServerResponse, request: IncomingMessage) => unknown

let answer: Answer
let asked: Asked[] = []

const server = await listen(async (request, response) => {
  const one = { ...((await readJson(request)) as Asked), headers: request.headers }
  asked.push(one)
  await answer(one, response, request)
})
afterAll(() => server.close())
beforeEach(() => {
  asked = []
  answer = rank
})

/** A text's logit is the number in it. */
const logitOf = (text: string) => Number(/-?[\d.]+/.exec(text)?.[0] ?? 0)
const ranks = ({ texts }: Asked) => texts.map((text, index) => ({ index, score: logitOf(text) })).sort((a, b) => b.score - a.score)
const rank: Answer = (one, response) => sendJson(response, 200, ranks(one))
const raw =
  (body: string, headers: Record<string, string> = {}): Answer =>
  (_, response) =>
    response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(body)

/** Answers one after the other, the last one for good. */
function inTurn(...answers: [Answer, ...Answer[]]): void {
  let turn = 0
  answer = (...args) => answers[Math.min(turn++, answers.length - 1)]?.(...args)
}

const create = (options: Partial<RemoteOptions> = {}) => createRemoteReranker({ url: server.url, flavour: 'tei', ...options })
const DOCUMENTS = ['text 2', 'text 5', 'text -1']
const many = (count: number) => Array.from({ length: count }, (_, i) => `text ${(i * 7919) % count}`)

/** A call's error. The next call of the same reranker works. */
async function failure(options: Partial<RemoteOptions> = {}, documents = DOCUMENTS): Promise<RemoteError> {
  const reranker = create({ maxRetries: 0, ...options })
  const error: unknown = await reranker.rerank('query', documents).then(
    () => expect.fail('it should have failed'),
    (error) => error,
  )
  expect(isRerankerError(error), String(error)).toBe(true)
  answer = rank
  await expect(reranker.rerank('query', DOCUMENTS)).resolves.toMatchObject({ unscored: 0 })
  return error as RemoteError
}

test('the order and the logits are the server’s, and it is asked for its own numbers', async () => {
  const { results } = await create({ headers: { authorization: 'Bearer key' } }).rerank('query', DOCUMENTS)
  expect(results.map(({ index, logit }) => [index, logit])).toEqual([
    [1, 5],
    [0, 2],
    [2, -1],
  ])
  expect(asked).toMatchObject([
    { query: 'query', texts: DOCUMENTS, raw_scores: true, truncate: true, headers: { authorization: 'Bearer key' } },
  ])
})

describe('refusals are told with the status and what the server says, and not repeated', () => {
  test.each([
    [400, { error: '`texts` cannot be empty', error_type: 'Empty' }, /texts` cannot be empty.*flavour/],
    [401, { message: 'no valid key' }, /no valid key\. Look at the key in the headers option/],
    [403, 'forbidden', /answered 403: forbidden\. Look at the key/],
    [404, { detail: 'Not Found' }, /Not Found\. Look at url/],
    [405, {}, /Look at url/],
    [424, { error: 'model is not a re-ranker model', error_type: 'Backend' }, /not a re-ranker/],
    [
      422,
      { detail: [{ type: 'missing', loc: ['body', 'documents'], msg: 'Field required', input: { secret: 'text 2' } }] },
      /Field required/,
    ],
    [400, { error: { message: 'model not found', type: 'invalid' } }, /model not found/],
    [400, { error: `\u001b[2J\u0007${'no '.repeat(1000)}` }, /answered 400: {2}\[2J (no ){50,98}/],
  ])('%i %j', async (status, body, message) => {
    answer = (_, response) => sendJson(response, status, body)
    const error = await failure({ maxRetries: 3 })
    expect(error).toMatchObject({ name: 'RemoteError', code: 'remote-refused', status })
    expect(error.message).toMatch(message)
    expect(error.message).not.toContain('text 2')
    expect(asked).toHaveLength(2)
  })

  test('a complaint that has the documents in it', async () => {
    const long = 'x'.repeat(200_000)
    answer = ({ texts }, response) =>
      sendJson(response, 422, {
        detail: [{ loc: ['body', 'texts', 0], msg: 'String should have at most 122880 characters', input: texts[0] }],
      })
    const { message } = await failure({}, [long])
    expect(message).toMatch(/at most 122880 characters\. Look/)
    expect(message).not.toContain('xxx')
  })

  test('a redirect is not followed: it would take the key along', async () => {
    answer = (_, response) => response.writeHead(307, { location: 'http://127.0.0.1:1/rerank' }).end()
    expect(await failure({ headers: { authorization: 'Bearer key' } })).toMatchObject({ code: 'remote-refused', status: 307 })
  })

  test('an address with a key in it is told without', async () => {
    answer = (_, response) => sendJson(response, 401, {})
    const { message } = await failure({ url: `${server.url}/rerank?key=secret` })
    expect(message).toContain(`${server.url}/rerank answered`)
    expect(create({ url: `${server.url}/rerank?key=secret` }).info.server?.url).toBe(`${server.url}/rerank`)
  })
})

describe('what a server says', () => {
  test('is passed on without what it repeats of the headers, and without what changes how the rest is shown', async () => {
    answer = ({ headers }, response) =>
      sendJson(response, 401, { message: `no such key: ${headers.authorization}, ${headers.authorization?.slice(7)}\u202e\u2028!` })
    const { message } = await failure({ headers: { Authorization: 'Bearer sekret' } })
    expect(message).toMatch(/answered 401: no such key: …, … !\. Look at the key/)
  })

  test('is not waited for where it drips: the status is known', async () => {
    let closed = false
    answer = (_, response) => {
      response.writeHead(401)
      const timer = setInterval(() => response.write(' '), 10)
      response.on('close', () => {
        clearInterval(timer)
        closed = true
      })
    }
    expect(await failure({ timeoutMs: 1e9 })).toMatchObject({ code: 'remote-refused', status: 401 })
    await expect.poll(() => closed).toBe(true)
  })
})

describe('what may pass is asked again', () => {
  const refuse =
    (status: number, headers: Record<string, string> = { 'retry-after': '0' }): Answer =>
    (_, response) =>
      sendJson(response, status, { error: 'Model is overloaded' }, headers)

  test.each([408, 425, 429, 502, 503, 504])('%i, until it is answered', async (status) => {
    inTurn(refuse(status), refuse(status), rank)
    expect((await create().rerank('query', DOCUMENTS)).unscored).toBe(0)
    expect(asked).toHaveLength(3)
  })

  test('and no more often than maxRetries', async () => {
    answer = refuse(429)
    const error = await failure({ maxRetries: 2 })
    expect(error).toMatchObject({ code: 'remote-unavailable', status: 429 })
    expect(error.message).toMatch(/Model is overloaded\. Try again later/)
    expect(asked).toHaveLength(4)
  })

  test('a date that is over', async () => {
    inTurn(refuse(503, { 'retry-after': new Date(Date.now() - 5000).toUTCString() }), rank)
    expect((await create().rerank('query', DOCUMENTS)).unscored).toBe(0)
  })

  test('a connection that is cut', async () => {
    inTurn((_, response) => response.destroy(), rank)
    expect((await create({ maxRetries: 1 }).rerank('query', DOCUMENTS)).unscored).toBe(0)
    expect(asked).toHaveLength(2)
  })

  test('not a server that wants to be left alone for hours', async () => {
    answer = refuse(429, { 'retry-after': '7200' })
    expect((await failure({ maxRetries: 5 })).message).toMatch(/left alone for 7200 seconds/)
    expect(asked).toHaveLength(2)
  })

  test('not 500', async () => {
    answer = refuse(500)
    const error = await failure({ maxRetries: 5 })
    expect(error).toMatchObject({ code: 'remote-unavailable', status: 500 })
    expect(error.message).toMatch(/Model is overloaded\. It failed at this very request/)
    expect(asked).toHaveLength(2)
  })

  test('an abort ends the wait, which nobody else has to wait for', async () => {
    inTurn(refuse(503, { 'retry-after': '60' }), rank)
    const reranker = create({ concurrency: 1 })
    const controller = new AbortController()
    const running = reranker.rerank('query', DOCUMENTS, { signal: controller.signal })
    running.catch(() => undefined)
    await expect.poll(() => asked.length).toBe(1)
    controller.abort()
    await expect(running).rejects.toMatchObject({ name: 'AbortError' })
    expect((await reranker.rerank('query', DOCUMENTS)).unscored).toBe(0)
  })
})

describe('answers that cannot be right are refused', () => {
  const list = (...results: unknown[]) => JSON.stringify(results)
  const one = { index: 0, score: 1 }
  const two = { index: 1, score: 2 }
  test.each([
    ['an HTML page', '<!doctype html><title>hello</title>', /an HTML page\. Look at url/],
    ['nothing', '', /nothing/],
    ['half a body', list(one, two).slice(0, 20), /no JSON/],
    ['a number', '7', /no JSON/],
    ['NaN, as Python writes it', '[{"index": 0, "score": NaN}, {"index": 1, "score": 2}, {"index": 2, "score": 3}]', /no JSON/],
    ['another shape', '{"results": []}', /no list of results/],
    ['an error with status 200', '{"error": "out of memory"}', /no list of results/],
    ['too few results', list(one, two), /2 results for 3 documents/],
    ['too many', list(one, two, { index: 2, score: 0 }, { index: 3, score: 0 }), /4 results for 3 documents/],
    ['one document twice', list(one, two, two), /two results of document 1/],
    ['a foreign index', list(one, two, { index: 3, score: 0 }), /a result of no document/],
    ['an index below 0', list(one, two, { index: -1, score: 0 }), /a result of no document/],
    ['an index that is a string', list(one, two, { index: '2', score: 0 }), /a result of no document/],
    ['no index', list(one, two, { score: 0 }), /a result of no document/],
    ['no score', list(one, two, { index: 2 }), /a score that is no number/],
    ['a score of null', list(one, two, { index: 2, score: null }), /a score that is no number/],
    ['a score that is a string', list(one, two, { index: 2, score: '0.5' }), /a score that is no number/],
    ['a score without end', '[{"index":0,"score":1e999},{"index":1,"score":2},{"index":2,"score":3}]', /a score that is no number/],
    ['nulls', list(null, null, null), /a result of no document/],
  ])('%s', async (_, body, message) => {
    answer = raw(body)
    const error = await failure({ maxRetries: 3 })
    expect(error).toMatchObject({ name: 'RemoteError', code: 'remote-invalid' })
    expect(error.message).toMatch(message)
    // Asking again would not help.
    expect(asked).toHaveLength(2)
  })

  test('scores where logits were said', async () => {
    answer = raw(JSON.stringify({ results: [{ index: 0, relevance_score: 3.5 }] }))
    const reranker = createRemoteReranker({ url: server.url, flavour: 'cohere', model: 'rerank-v3.5' })
    await expect(reranker.rerank('query', ['text'])).rejects.toMatchObject({
      code: 'remote-invalid',
      message: expect.stringMatching(/3\.5/),
    })
  })

  test('an answer without end', async () => {
    answer = (_, response) => {
      response.writeHead(200)
      const more = () => {
        while (!response.destroyed && response.write('[1, 2, 3, 4, 5, 6, 7, 8]'.repeat(1000)));
      }
      response.on('drain', more)
      more()
    }
    expect(await failure()).toMatchObject({ code: 'remote-invalid', message: expect.stringMatching(/more than \d+ bytes/) })
  })
})

describe('a server that does not answer', () => {
  const late = { maxRetries: 0, timeoutMs: 100 }

  test('in time', async () => {
    answer = () => undefined
    expect(await failure(late)).toMatchObject({
      code: 'remote-unavailable',
      message: expect.stringMatching(/did not answer within 100 ms/),
    })
  })

  test('to its end: it drips', async () => {
    const timers: NodeJS.Timeout[] = []
    answer = (_, response) => {
      response.writeHead(200)
      timers.push(setInterval(() => response.write(' '), 10))
    }
    try {
      expect(await failure(late)).toMatchObject({ code: 'remote-unavailable' })
    } finally {
      timers.forEach(clearInterval)
    }
  })

  test('with all that it promised', async () => {
    answer = (one, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write(JSON.stringify(ranks(one)).slice(0, 10))
      setTimeout(() => response.destroy(), 5)
    }
    expect(await failure()).toMatchObject({ code: 'remote-unavailable', message: expect.stringMatching(/broke off its answer/) })
  })

  test('because there is none', async () => {
    const reranker = create({ url: `http://127.0.0.1:${await freePort()}`, maxRetries: 0 })
    await expect(reranker.rerank('query', DOCUMENTS)).rejects.toMatchObject({
      code: 'remote-unavailable',
      message: expect.stringMatching(/cannot be reached \(.*: ECONNREFUSED\)/),
    })
  })

  test('is heard no more when the caller goes: the request ends at once', async () => {
    let closed = false
    answer = (_, response) => response.on('close', () => (closed = true))
    const controller = new AbortController()
    const reason = new Error('left the page')
    const running = create().computeScore(['query', 'text'], { signal: controller.signal })
    running.catch(() => undefined)
    await expect.poll(() => asked.length).toBe(1)
    controller.abort(reason)
    await expect(running).rejects.toBe(reason)
    await expect.poll(() => closed).toBe(true)
  })

  test('is heard no more after dispose()', async () => {
    let closed = false
    answer = (_, response) => response.on('close', () => (closed = true))
    const reranker = create()
    const running = reranker.rerank('query', DOCUMENTS)
    running.catch(() => undefined)
    await expect.poll(() => asked.length).toBe(1)
    await reranker.dispose()
    await expect(running).rejects.toMatchObject({ name: 'AbortError', cause: { name: 'DisposedError' } })
    await expect.poll(() => closed).toBe(true)
  })
})

describe('many documents', () => {
  test('go in requests of the server’s size, a few at a time, and each score comes to its own document', async () => {
    let running = 0
    let most = 0
    answer = async (one, response) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, (one.texts.length * 7) % 5))
      running--
      rank(one, response, undefined as never)
    }
    const documents = many(10_000)
    const { results } = await create({ concurrency: 3 }).rerank('query', documents)
    expect(results.map(({ logit }) => logit)).toEqual(Array.from({ length: 10_000 }, (_, i) => 9999 - i))
    expect(results.every(({ document, logit }) => logitOf(document) === logit)).toBe(true)
    expect(asked.map(({ texts }) => texts.length)).toEqual([...Array(312).fill(32), 16])
    expect(most).toBe(3)
  })

  const limited =
    (most: number, status: number, error: string): Answer =>
    (one, response) =>
      one.texts.length > most ? sendJson(response, status, { error }) : sendJson(response, 200, ranks(one))

  test('a server that takes fewer is asked for fewer from then on', async () => {
    answer = limited(10, 422, 'batch size 32 > maximum allowed batch size 10')
    const reranker = create({ concurrency: 1 })
    const documents = many(100)
    const { results } = await reranker.rerank('query', documents)
    expect(results.map(({ logit }) => logit)).toEqual(Array.from({ length: 100 }, (_, i) => 99 - i))
    expect(asked.map(({ texts }) => texts.length).slice(0, 4)).toEqual([32, 16, 8, 8])
    asked = []
    await reranker.rerank('query', documents)
    expect(Math.max(...asked.map(({ texts }) => texts.length))).toBe(8)
  })

  test('413 may be about these documents: the next call tries more again', async () => {
    answer = limited(20, 413, 'Payload too large')
    const reranker = create({ concurrency: 1 })
    await reranker.rerank('query', many(40))
    expect(asked.map(({ texts }) => texts.length)).toEqual([32, 16, 16, 8])
    asked = []
    await reranker.rerank('query', many(40))
    expect(asked[0]?.texts.length).toBe(32)
  })

  test('what was refused goes out a few at a time, too', async () => {
    let running = 0
    let most = 0
    answer = async (one, response, request) => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setTimeout(resolve, 5))
      running--
      limited(4, 413, 'Payload too large')(one, response, request)
    }
    const { results } = await create({ concurrency: 3 }).rerank('query', many(32))
    expect(results.map(({ logit }) => logit)).toEqual(Array.from({ length: 32 }, (_, i) => 31 - i))
    expect(most).toBe(3)
  })

  test('a batch size that is said with 413 is the server’s own all the same', async () => {
    answer = limited(8, 413, 'batch size 32 > maximum allowed batch size 8')
    const reranker = create()
    await reranker.rerank('query', many(32))
    asked = []
    await reranker.rerank('query', many(32))
    expect(asked.map(({ texts }) => texts.length)).toEqual([8, 8, 8, 8])
  })

  test.each(['too many tokens: size limit exceeded by 11326 tokens', 'too many documents'])(
    'one document that is too long is nothing that later calls suffer from: %s',
    async (error) => {
      answer = (one, response, request) => (one.texts.includes('long') ? sendJson(response, 400, { error }) : rank(one, response, request))
      const reranker = create()
      await expect(reranker.rerank('query', [...many(30), 'long'])).rejects.toMatchObject({ status: 400 })
      asked = []
      await reranker.rerank('query', many(30))
      expect(asked).toHaveLength(1)
    },
  )

  test('more than a string can hold is halved', async () => {
    const stringify = vi.spyOn(JSON, 'stringify').mockImplementationOnce(() => {
      throw new RangeError('Invalid string length')
    })
    onTestFinished(stringify.mockRestore)
    expect((await create().rerank('query', many(32))).unscored).toBe(0)
    expect(asked.map(({ texts }) => texts.length)).toEqual([16, 16])
  })

  test('a connection that is cut may be so for what is sent: in halves, once', async () => {
    const long = many(8).map((text) => text.padEnd(20_000))
    const cutOver =
      (most: number): Answer =>
      (one, response, request) =>
        one.texts.length > most ? response.destroy() : rank(one, response, request)
    answer = cutOver(4)
    expect((await create({ maxRetries: 0, batchSize: 8 }).rerank('query', [...long, ...long])).unscored).toBe(0)
    answer = cutOver(2)
    asked = []
    await expect(create({ maxRetries: 0, concurrency: 1 }).rerank('query', long)).rejects.toMatchObject({ code: 'remote-unavailable' })
    expect(asked.map(({ texts }) => texts.length)).toEqual([8, 4])
    asked = []
    await expect(create({ maxRetries: 0, concurrency: 1 }).rerank('query', many(8))).rejects.toMatchObject({ code: 'remote-unavailable' })
    expect(asked).toHaveLength(1)
  })

  test('one document that is too much', async () => {
    answer = (_, response) => sendJson(response, 413, {})
    expect(await failure()).toMatchObject({ code: 'remote-refused', status: 413, message: expect.stringMatching(/too large/) })
  })

  test('one request that fails ends the call and what else is under way', async () => {
    const open: ServerResponse[] = []
    answer = (one, response) => (one.texts.includes('text 0') ? sendJson(response, 500, {}) : open.push(response))
    // The first document is the one that fails.
    await expect(create({ batchSize: 1, concurrency: 4 }).rerank('query', many(50))).rejects.toMatchObject({ status: 500 })
    expect(asked.length).toBeLessThan(10)
    await expect.poll(() => open.every(({ destroyed }) => destroyed)).toBe(true)
  })

  test('budgetMs keeps the first of them, whichever request ended first', async () => {
    // The second request never ends; the third and fourth do, and right behind them the first.
    let endFirst: () => unknown = () => undefined
    answer = (one, response) => {
      if (one.texts.includes('text 0')) endFirst = () => sendJson(response, 200, ranks(one))
      else if (!one.texts.includes('text 32')) sendJson(response, 200, ranks(one))
      if (asked.length === 4) endFirst()
    }
    const documents = Array.from({ length: 128 }, (_, i) => `text ${i}`)
    const { results, unscored } = await create().rerank('query', documents, { budgetMs: 1000 })
    expect(unscored).toBe(96)
    expect(results.filter(({ scored }) => scored).map(({ index }) => index)).toEqual(Array.from({ length: 32 }, (_, i) => 31 - i))
  })
})

test('pairs are asked for by their queries, each score in its place', async () => {
  const scores = await create().computeScore([
    ['one', 'text 1'],
    ['two', 'text 2'],
    ['one', 'text 3'],
    ['one', 'text 1'],
  ])
  expect(scores).toEqual([1, 2, 3, 1])
  expect(asked.map(({ query, texts }) => [query, texts]).sort()).toEqual([
    ['one', ['text 1', 'text 3', 'text 1']],
    ['two', ['text 2']],
  ])
  expect(await create().computeScore(['query', 'text 0'], { normalize: true })).toEqual([0.5])
})

describe('headers', () => {
  test.each([
    ['in capitals', { Authorization: 'Bearer key', 'Content-Type': 'application/json; charset=utf-8', ACCEPT: 'text/json' }],
    [
      'of a Headers object',
      new Headers({ authorization: 'Bearer key', 'content-type': 'application/json; charset=utf-8', accept: 'text/json' }),
    ],
    [
      'of a function that gives one',
      () => new Headers({ authorization: 'Bearer key', 'content-type': 'application/json; charset=utf-8', accept: 'text/json' }),
    ],
  ])('%s are sent once each', async (_, headers) => {
    await create({ headers }).rerank('query', DOCUMENTS)
    expect(asked[0]?.headers).toMatchObject({
      authorization: 'Bearer key',
      'content-type': 'application/json; charset=utf-8',
      accept: 'text/json',
    })
  })

  test('may be a function, which is called for every request', async () => {
    inTurn((_, response) => sendJson(response, 503, {}, { 'retry-after': '0' }), rank)
    let token = 0
    await create({ headers: async () => ({ authorization: `Bearer ${++token}` }) }).rerank('query', DOCUMENTS)
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2'])
  })

  test.each([
    ['throws', () => Promise.reject(new Error('no session')), /no session/],
    ['gives no headers', () => 'Bearer key', /no object of headers that can be sent/],
    ['gives what cannot be sent', () => ({ 'no name': 'x' }), /that can be sent/],
  ])('a function that %s', async (_, headers, message) => {
    const error = await create({ headers: headers as never })
      .rerank('query', DOCUMENTS)
      .catch((error) => error)
    expect(error).toMatchObject({ name: 'RemoteError', code: 'remote-refused' })
    expect(error.message).toMatch(message)
    expect(asked).toEqual([])
  })

  test('one that never comes is waited for no longer than timeoutMs', async () => {
    await expect(
      create({ headers: () => new Promise(() => undefined), timeoutMs: 50, maxRetries: 0 }).rerank('query', DOCUMENTS),
    ).rejects.toMatchObject({ code: 'remote-unavailable' })
  })
})

test('half a character is sent as one that JSON parsers take', async () => {
  await create().rerank('query \ud83d', ['text \udc00', 'text 😀'])
  expect(asked).toMatchObject([{ query: 'query \ufffd', texts: ['text \ufffd', 'text 😀'] }])
})

test('what cannot be asked of it is refused; what is without effect is not', async () => {
  const reranker = create()
  const refused = { name: 'InvalidInputError', code: 'invalid-option' }
  await expect(reranker.rerank('query', DOCUMENTS, { longDocuments: 'chunk' })).rejects.toMatchObject({
    ...refused,
    option: 'longDocuments',
  })
  await expect(reranker.rerank('query', DOCUMENTS, { maxLength: 64 })).rejects.toMatchObject({ ...refused, option: 'maxLength' })
  await expect(reranker.computeScore(['q', 'd'], { maxLength: 64 })).rejects.toMatchObject({ ...refused, option: 'maxLength' })
  await expect(reranker.computeScore(['q', 'd'], { queryMaxLength: 64 })).rejects.toMatchObject({ ...refused, option: 'queryMaxLength' })
  await expect(reranker.computeScore(['q', 'd'], { truncation: 'longest_first' })).rejects.toMatchObject({
    ...refused,
    option: 'truncation',
  })
  expect(asked).toEqual([])
  const { results } = await reranker.rerank('query', DOCUMENTS, { explain: true, onMismatch: 'warn', longDocuments: 'truncate' })
  expect(results[0]).toEqual({ index: 1, document: 'text 5', rank: 1, scored: true, score: expect.any(Number), logit: 5 })
})

test('prepare has nothing to do, and an index is for a model that runs here', async () => {
  const reranker = create()
  await reranker.prepare(DOCUMENTS)
  await expect(reranker.prepare({ index: '/docs.index' })).rejects.toMatchObject({ name: 'IndexError', code: 'index-mismatch' })
  expect(asked).toEqual([])
})

test('info says where and what, and nothing that nobody told', async () => {
  const server = { url: expect.stringMatching(/\/rerank$/), flavour: 'tei', tells: 'logits' }
  expect(create().info).toEqual({ server })
  expect(create({ model: 'bge', firstStageWeight: 2 }).info).toEqual({ server, model: 'bge', firstStageWeight: 2 })
  expect((await create({ firstStageWeight: 100 }).rerank('query', DOCUMENTS)).results.map(({ index }) => index)).toEqual([0, 1, 2])
})
