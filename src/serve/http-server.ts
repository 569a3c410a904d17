import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import { type ErrorType, errorBody } from './request-error.js'

/** Milliseconds that an idle connection is kept: longer than load balancers keep theirs (nginx: 60 s), which would else meet a closed one. */
const KEEP_ALIVE_MS = 75_000

/** Milliseconds from one look for requests that are late to the next. */
const LATE_CHECK_MS = 1000

/** Milliseconds on top of all that a request may take, after which a connection on which nothing moves is one whose client does not read. */
const UNREAD_MS = 2000

/** Milliseconds in which a request may still arrive over a connection that is idle when the server stops. */
const LAST_REQUEST_MS = 500

/** Milliseconds for those that were cut off to hear of it. */
const LAST_ANSWER_MS = 1000

/**
 * Told of one connection: it was `asked` something, there is an answer of which nothing has been sent (`answered`), all is sent that was
 * asked (`idle`), it is `closed`.
 */
export type ConnectionTeller = (what: 'asked' | 'answered' | 'idle' | 'closed') => void

interface Connection {
  /** Requests under way. */
  asked: number
  tell: ConnectionTeller
}

/** Speaks HTTP over connections that somebody else has accepted, maybe in another process. */
export class HttpServer {
  readonly #server: Server
  readonly #connections = new Map<Socket, Connection>()
  /** With an answer on its way, the oldest first. */
  readonly #unread = new Set<Socket>()
  #onEmpty = () => {}

  /**
   * @param fetch answers requests
   * @param timeoutMs milliseconds for a head to arrive; as many for the body and for the answer, which `fetch` sees to
   * @param mostUnread bytes of answers that wait for their clients to read them
   */
  constructor(fetch: (request: Request) => Response | Promise<Response>, timeoutMs: number, mostUnread: number) {
    this.#server = createServer({
      // Whose absence is told below, in a sentence.
      requireHostHeader: false,
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: timeoutMs,
      requestTimeout: 2 * timeoutMs + LATE_CHECK_MS,
      connectionsCheckingInterval: LATE_CHECK_MS,
    })
    this.#server.timeout = timeoutMs + UNREAD_MS
    this.#server.on('request', ({ socket }, response) => {
      const connection = this.#connections.get(socket)
      if (!connection) return
      if (connection.asked++ === 0) connection.tell('asked')
      response.once('close', () => {
        if (--connection.asked === 0) connection.tell('idle')
      })
    })
    const answer = async (request: Request, { incoming: { socket }, outgoing }: HttpBindings) => {
      const response = await fetch(request)
      this.#connections.get(socket)?.tell('answered')
      this.#unread.add(socket)
      outgoing.once('close', () => this.#unread.delete(socket))
      this.#dropUnread(mostUnread)
      return response
    }
    // HTTP/1.0 names no host.
    const listener = getRequestListener((request, env) => answer(request, env as HttpBindings), {
      hostname: 'localhost',
      errorHandler: refuseAddress,
    })
    this.#server.on('request', (incoming, outgoing) => {
      // HTTP/1.1 asks for one (RFC 9112, 3.2), and with several a proxy and this server may mean different ones.
      const hosts = incoming.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'host').length
      if (hosts === 1 || (hosts === 0 && incoming.httpVersionMinor === 0)) return listener(incoming, outgoing)
      refuseRequest(incoming, outgoing, 400, 'Host has to be in the head of a request, once.')
    })
    this.#server.on('checkExpectation', (incoming, outgoing) => {
      refuseRequest(incoming, outgoing, 417, 'Expect can be 100-continue here, and nothing else.')
    })
    this.#server.on('clientError', refuse)
    // It keeps watch over its connections (what is idle, what is late) from when it listens, which it never does itself.
    this.#server.emit('listening')
  }

  /** A new connection. */
  take(socket: Socket, tell: ConnectionTeller = () => {}): void {
    this.#connections.set(socket, { asked: 0, tell })
    socket.once('close', () => {
      this.#connections.delete(socket)
      tell('closed')
      if (this.#connections.size === 0) this.#onEmpty()
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
    // Nor is anything asked by one that has said nothing or half a head.
    for (const [socket, { asked }] of this.#connections) if (asked === 0) socket.destroy()
    if (await this.#emptyWithin(graceMs)) return
    cutOff()
    if (!(await this.#emptyWithin(LAST_ANSWER_MS))) this.close()
  }

  /** End all connections, whatever they are at. */
  close(): void {
    for (const socket of this.#connections.keys()) socket.destroy()
  }

  /** Too many who do not read would fill the memory: who was answered first has had the most time. */
  #dropUnread(most: number): void {
    let bytes = 0
    for (const { writableLength } of this.#unread) bytes += writableLength
    for (const socket of this.#unread) {
      if (bytes <= most) return
      bytes -= socket.writableLength
      if (socket.writableLength > 0) socket.destroy()
    }
  }

  #emptyWithin(milliseconds: number): Promise<boolean> {
    if (this.#connections.size === 0) return Promise.resolve(true)
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds, false)
      this.#onEmpty = () => {
        clearTimeout(timer)
        resolve(true)
      }
    })
  }
}

function refuseRequest(incoming: IncomingMessage, outgoing: ServerResponse, status: number, sentence: string): void {
  // What comes of a body is passed over.
  incoming.resume()
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
  outgoing.end(JSON.stringify(errorBody('Validation', sentence)))
}

function refuseAddress(): Response {
  return Response.json(errorBody('Validation', 'This server has no such address, or Host is none.'), { status: 400 })
}

/** What is no HTTP, too long in its head or too slow never comes to the application. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') return void socket.destroy()
  socket.end(answerOf(...(REFUSALS[error.code ?? ''] ?? NO_HTTP)))
}

/** Answer what was asked of another process, which has died over it; who asked may send it again. */
export function answerInPlace(socket: Socket): void {
  socket.on('error', () => socket.destroy())
  // Of a body that is still being sent, all that comes: else the answer may not be heard.
  socket.resume()
  socket.end(answerOf('503 Service Unavailable', 'Unhealthy', 'The process that had this request has died; send it again.', 1))
  setTimeout(() => socket.destroy(), LAST_ANSWER_MS).unref()
}

function answerOf(status: string, type: ErrorType, sentence: string, retryAfter?: number): string {
  const body = JSON.stringify(errorBody(type, sentence))
  const again = retryAfter === undefined ? '' : `Retry-After: ${retryAfter}\r\n`
  return `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${again}Connection: close\r\n\r\n${body}`
}

const NO_HTTP: [status: string, type: ErrorType, sentence: string] = ['400 Bad Request', 'Validation', 'This is no HTTP request.']
const REFUSALS: Record<string, typeof NO_HTTP> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'TooLarge', 'The head of the request is too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'Timeout', 'The request took too long to arrive.'],
}
