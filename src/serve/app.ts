import { Hono, type MiddlewareHandler } from 'hono'
import { bearerAuth } from 'hono/bearer-auth'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { InvalidInputError } from '../errors.js'
import type { LocalReranker, RerankOptions } from '../types.js'
import { Body, clientLeft, type Held, parseJson } from './body.js'
import type { Metrics } from './metrics.js'
import type { RequestQueue } from './queue.js'
import { errorBody, RequestError } from './request-error.js'
import { readRequest } from './shapes.js'

/** What the application is told, by who listens and loads the model. */
export interface AppState {
  /** Undefined while the model is loaded. */
  reranker?: LocalReranker
  /** The server takes no new connections: those that there are end with their next answer. */
  stopping: boolean
  /** Ends a request each, with a `RequestError` as its reason. */
  readonly calls: Set<AbortController>
}

export interface AppOptions {
  /** Most bytes of a body. */
  maxBody: number
  /** Most documents of a request. */
  maxDocuments: number
  /** Milliseconds that a request may take once it is read, the time it waits included. */
  timeoutMs: number
  /** What clients have to send as `Authorization: Bearer`; without it everybody is answered. */
  apiKey?: string
  /** Origins of the pages that may ask, or `*`. */
  cors?: readonly string[]
  /** How documents are ranked. */
  ranking: Pick<RerankOptions<string>, 'maxLength' | 'longDocuments' | 'firstStageWeight'>
  /** The package's version. */
  version: string
}

export interface AppParts {
  state: AppState
  queue: RequestQueue
  metrics: Metrics
  /** Text of `GET /metrics`: this process's numbers, or those of all. */
  metricsText(): Promise<string>
  /** Told of what is the server's own fault. */
  onError(error: unknown): void
}

interface Env {
  Variables: {
    /** Of a request that was read. */
    shape?: string
    body: Body
  }
}

const RERANK_PATHS = ['/rerank', '/v1/rerank', '/v2/rerank']

/** Seconds that browsers may keep a preflight's answer. */
const PREFLIGHT_SECONDS = 600

/** Seconds after which a server that loads its model may be asked again. */
const LOADING_RETRY = 2

/** The server without a socket: a request in, its answer out. */
export function createApp(options: AppOptions, parts: AppParts): Hono<Env> {
  const { state, queue, metrics } = parts
  const app = new Hono<Env>()

  const held: Held = { bytes: 0 }

  app.use(async ({ req, header, set }, next) => {
    const body = new Body(req.raw, options.maxBody, held)
    set('body', body)
    await next().finally(() => body.release())
    // Who still sends would not read the answer. The next one may find another process.
    if (!(await body.skip()) || state.stopping || !state.reranker) header('connection', 'close')
  })
  if (options.cors) app.use(allowOrigins(options.cors))

  app.get('/health', ({ json }) => {
    // Balancers go elsewhere while what is here is answered.
    if (state.stopping) throw new RequestError(503, 'Unhealthy', 'The server is stopping.')
    if (!state.reranker) throw stillLoading()
    return json({ status: 'ok' })
  })
  app.get('/metrics', async ({ body }) => body(await parts.metricsText(), 200, { 'content-type': metrics.registry.contentType }))

  app.on('POST', RERANK_PATHS, async (context, next) => {
    const start = performance.now()
    await next()
    metrics.countRequest(context.get('shape'), context.res.status, (performance.now() - start) / 1000)
  })
  if (options.apiKey !== undefined) for (const path of ['/info', ...RERANK_PATHS]) app.use(path, requireKey(options.apiKey))
  app.get('/info', ({ json }) => {
    if (!state.reranker) throw stillLoading()
    return json(describeServer(state.reranker, options))
  })

  app.on('POST', RERANK_PATHS, async ({ req, get, set }) => {
    const { reranker } = state
    if (!reranker) throw stillLoading()
    // Before the body is read: of those who are refused nothing is kept.
    queue.check()
    checkType(req.raw)
    const bytes = await get('body').read(Number(req.header('content-length') ?? 0), options.timeoutMs)
    // Not earlier, or who sends slowly would take the place of others.
    const leave = queue.enter()
    try {
      const { shape, query, texts, topN, answer } = readRequest(parseJson(bytes), options.maxDocuments)
      set('shape', shape)
      const results = await withDeadline(req.raw.signal, state.calls, options.timeoutMs, (signal) => {
        const arrived = performance.now()
        return queue.run(async () => {
          metrics.countTurn((performance.now() - arrived) / 1000)
          // Every document gets a score, whatever language it is in: the shapes have no place for one without.
          return (await reranker.rerank(query, texts, { ...options.ranking, topN, onMismatch: 'ignore', signal })).results
        }, signal)
      })
      metrics.countDocuments(texts.length)
      return Response.json(answer(results, reranker.info.model))
    } finally {
      leave()
    }
  })

  for (const [paths, method] of [[RERANK_PATHS, 'POST'] as const, [['/health', '/info', '/metrics'], 'GET, HEAD'] as const]) {
    for (const path of paths) {
      app.all(path, ({ req }) => {
        const sentence = `${req.method} is not what ${path} answers; it is ${method}.`
        return Response.json(errorBody('MethodNotAllowed', sentence), { status: 405, headers: { allow: method } })
      })
    }
  }
  app.notFound(({ req }) =>
    new RequestError(404, 'NotFound', `There is no ${req.path}; there are POST /rerank, GET /health, /info and /metrics.`).toResponse(),
  )
  app.onError((error) => toResponse(error, parts.onError))
  return app
}

function stillLoading(): RequestError {
  return new RequestError(503, 'Unhealthy', 'The model is being loaded.', LOADING_RETRY)
}

function allowOrigins(origins: readonly string[]): MiddlewareHandler {
  return cors({
    origin: origins.includes('*') ? '*' : [...origins],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['authorization', 'content-type'],
    exposeHeaders: ['retry-after'],
    maxAge: PREFLIGHT_SECONDS,
  })
}

function requireKey(token: string): MiddlewareHandler {
  const sentence = 'The API key is missing or another one; send it as Authorization: Bearer.'
  const refusal = { message: () => new RequestError(401, 'Unauthorized', sentence).toResponse() }
  return bearerAuth({ token, noAuthenticationHeader: refusal, invalidAuthenticationHeader: refusal, invalidToken: refusal })
}

/** @throws RequestError 415 */
function checkType({ headers }: Request): void {
  // Any page may send other types anywhere without being allowed to.
  if (!/^application\/(.+\+)?json\s*(;|$)/i.test(headers.get('content-type') ?? '')) {
    throw new RequestError(415, 'UnsupportedMediaType', 'Content-Type must be application/json.')
  }
  const encoding = headers.get('content-encoding') || 'identity'
  if (encoding.toLowerCase() !== 'identity') {
    throw new RequestError(415, 'UnsupportedMediaType', `Content-Encoding is ${encoding}; send the body as it is.`)
  }
}

/**
 * Work that ends when the client goes away, the time is over, or it is aborted in `calls`, where it stands as long.
 *
 * @throws RequestError 499, 504, or the reason it was aborted with
 */
async function withDeadline<T>(
  client: AbortSignal,
  calls: Set<AbortController>,
  timeoutMs: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const call = new AbortController()
  const onLeave = () => call.abort(clientLeft())
  const sentence = `It took longer than ${timeoutMs / 1000} seconds (--timeout); send fewer or shorter documents.`
  const timer = setTimeout(() => call.abort(new RequestError(504, 'Timeout', sentence)), timeoutMs)
  calls.add(call)
  client.addEventListener('abort', onLeave)
  if (client.aborted) onLeave()
  try {
    return await work(call.signal)
  } finally {
    clearTimeout(timer)
    calls.delete(call)
    client.removeEventListener('abort', onLeave)
  }
}

/** Never throws. What went wrong inside is the log's to tell, not the answer's. */
function toResponse(error: unknown, onError: (error: unknown) => void): Response {
  if (error instanceof RequestError) return error.toResponse()
  if (error instanceof HTTPException) return error.getResponse()
  if (error instanceof InvalidInputError) return new RequestError(422, 'Validation', error.message).toResponse()
  onError(error)
  return new RequestError(500, 'Backend', 'The server failed; its log says why.').toResponse()
}

/** What text-embeddings-inference says of itself, as far as it is true here, and what runs. */
function describeServer({ info }: LocalReranker, { maxDocuments, version }: AppOptions): object {
  return {
    model_id: info.model,
    model_sha: info.revision,
    model_dtype: info.dtype,
    model_type: { reranker: {} },
    max_input_length: info.maxLength,
    max_client_batch_size: maxDocuments,
    auto_truncate: true,
    version,
    page_rerank: info,
  }
}
