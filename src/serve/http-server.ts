import { createServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { type ErrorType, errorBody } from './request-error.js'

/** Milliseconds that an idle connection is kept: longer than load balancers keep theirs (nginx: 60 s), which would else meet a closed one. */
const KEEP_ALIVE_MS = 75_000

/** Milliseconds from one look for requests that are late to the next. */
const LATE_CHECK_MS = 1000

/** Milliseconds in which a request may still arrive over a connection that is idle when the server stops. */
const LAST_REQUEST_MS = 500

/** Milliseconds for those that were cut off to hear of it. */
const LAST_ANSWER_MS = 1000

/** Speaks HTTP over connections that somebody else has accepted, maybe in another process. */
export class HttpServer {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #onEmpty = () => {}

  /**
   * @param fetch answers requests
   * @param arrivalMs milliseconds that a request may take to arrive, with its body
   */
  constructor(fetch: (request: Request) => Response | Promise<Response>, arrivalMs: number) {
    this.#server = createServer({
      keepAliveTimeout: KEEP_ALIVE_MS,
      requestTimeout: arrivalMs,
      headersTimeout: arrivalMs,
      connectionsCheckingInterval: LATE_CHECK_MS,
    })
    this.#server.on('request', getRequestListener(fetch))
    this.#server.on('clientError', refuse)
    // It keeps watch over its connections (what is idle, what is late) from when it listens, which it never does itself.
    this.#server.emit('listening')
  }

  /** A new connection. */
  take(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => {
      this.#sockets.delete(socket)
      if (this.#sockets.size === 0) this.#onEmpty()
    })
    // As an HTTP server's own are.
    socket.allowHalfOpen = true
    socket.setNoDelay(true)
    this.#server.emit('connection', socket)
    // Whoever accepted it had it wait.
    socket.resume()
  }

  /**
   * Let everything that was asked be answered, and close. The application has to answer with `Connection: close` from now on.
   *
   * @param graceMs milliseconds until `cutOff` is called, which has to end what still runs
   */
  async stop(graceMs: number, cutOff: () => void): Promise<void> {
    // A request may be on its way over a connection that is idle.
    if (await this.#emptyWithin(LAST_REQUEST_MS)) return
    this.#server.closeIdleConnections()
    if (await this.#emptyWithin(graceMs)) return
    cutOff()
    if (!(await this.#emptyWithin(LAST_ANSWER_MS))) this.close()
  }

  /** End all connections, whatever they are at. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  #emptyWithin(milliseconds: number): Promise<boolean> {
    if (this.#sockets.size === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds, false)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}

/** What is no HTTP, too long in its head or too slow never comes to the application. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  const [status, type, sentence] = REFUSALS[error.code ?? ''] ?? NO_HTTP
  const body = JSON.stringify(errorBody(type, sentence))
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
}

const NO_HTTP: [status: string, type: ErrorType, sentence: string] = ['400 Bad Request', 'Validation', 'This is no HTTP request.']
const REFUSALS: Record<string, typeof NO_HTTP> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'TooLarge', 'The head of the request is too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'Timeout', 'The request took too long to arrive.'],
}
