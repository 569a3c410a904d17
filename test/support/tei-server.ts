import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isAbortError } from '../../src/errors.js'
import type { Reranker } from '../../src/types.js'

export interface RerankServer {
  url: string
  close(): Promise<void>
}

/** A server on a free port of the loopback address. */
export async function listen(handler: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<RerankServer> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  return JSON.parse(await readText(request))
}

export async function readText(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of request.setEncoding('utf8')) text += part
  return text
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** As Text Embeddings Inference takes at a time (`--max-client-batch-size`). */
const MAX_TEXTS = 32

/**
 * Text Embeddings Inference's `/rerank` over a reranker of ours: requests, answers and refusals as in its router/src/http at 0d124dc. Who goes
 * away is not scored any further.
 *
 * @param options.cors whether pages of any origin may ask, as TEI lets them unless it is told otherwise
 */
export function serveAsTei(reranker: Reranker, { cors = true } = {}): Promise<RerankServer> {
  return listen(async (request, response) => {
    if (cors) response.setHeader('access-control-allow-origin', '*')
    if (request.method === 'OPTIONS') {
      if (cors) response.setHeader('access-control-allow-headers', 'content-type, authorization')
      return response.writeHead(204).end()
    }
    if (request.method !== 'POST' || request.url !== '/rerank') return sendJson(response, 404, {})
    const { query, texts, raw_scores = false } = (await readJson(request)) as { query: string; texts: string[]; raw_scores?: boolean }
    if (texts.length > MAX_TEXTS) {
      const error = `batch size ${texts.length} > maximum allowed batch size ${MAX_TEXTS}`
      return sendJson(response, 422, { error, error_type: 'Validation' })
    }
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    try {
      const scores = await reranker.computeScore(
        texts.map((text) => [query, text] as const),
        { normalize: !raw_scores, signal: gone.signal },
      )
      const ranks = scores.map((score, index) => ({ index, score })).sort((a, b) => b.score - a.score)
      sendJson(response, 200, ranks)
    } catch (error) {
      if (!isAbortError(error)) sendJson(response, 424, { error: String(error), error_type: 'Backend' })
    }
  })
}
