import { RequestError } from './request-error.js'

/** Milliseconds, and bytes in multiples of what a body may have, in which a client may send what nobody reads, so that it hears the answer. */
const REST_MS = 1000
const REST_SIZES = 32

/** Bodies of the greatest size that are in memory at the same time, or as many bytes of smaller ones. */
const BODIES = 32

/** Brackets within brackets: what is asked has three. A few million take the parser seconds. */
const MOST_BRACKETS = 100

/** Bytes of bodies that are being read, or were and are not answered. */
export interface Held {
  bytes: number
}

/** The body of a request, as much of it as there is. */
export class Body {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined
  readonly #most: number
  readonly #held: Held
  /** Of `#held`, this one's. */
  #bytes = 0
  #isOver: boolean

  /**
   * @param most bytes that `read` takes
   * @param held by all requests at the same time
   */
  constructor(request: Request, most: number, held: Held) {
    this.#held = held
    this.#reader = request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array> | undefined
    this.#most = most
    this.#isOver = !this.#reader
  }

  /**
   * Its bytes count until `release`.
   *
   * @param length that the head says
   * @param timeoutMs milliseconds until all has to be there
   * @throws RequestError 408, 413, 429, or 499 where the client went away in the middle
   */
  async read(length: number, timeoutMs: number): Promise<Uint8Array> {
    const tooLarge = `The body is larger than ${this.#most} bytes, which is all that this server takes (--max-body).`
    if (length > this.#most) throw new RequestError(413, 'TooLarge', tooLarge)
    const late = sleep(timeoutMs)
    const chunks: Uint8Array[] = []
    try {
      for (;;) {
        const chunk = await Promise.race([this.#next(), late.over])
        if (chunk === 'over') throw new RequestError(408, 'Timeout', 'The request took too long to arrive.')
        if (!chunk) return Buffer.concat(chunks)
        if (this.#bytes + chunk.length > this.#most) throw new RequestError(413, 'TooLarge', tooLarge)
        this.#bytes += chunk.length
        this.#held.bytes += chunk.length
        chunks.push(chunk)
        if (this.#held.bytes > BODIES * this.#most) {
          throw new RequestError(429, 'Overloaded', 'Requests that are here already are too large together; come again later.', 1)
        }
      }
    } finally {
      late.clear()
    }
  }

  /** Nothing of it is needed any more. */
  release(): void {
    this.#held.bytes -= this.#bytes
    this.#bytes = 0
  }

  /** Pass over the rest. @returns whether it came to its end: else the connection is of no more use */
  async skip(): Promise<boolean> {
    const late = sleep(REST_MS)
    let size = 0
    try {
      while (!this.#isOver && size <= REST_SIZES * this.#most) {
        const chunk = await Promise.race([this.#next(), late.over])
        if (chunk === 'over') break
        size += chunk?.length ?? 0
      }
    } catch {
      // Nobody is there to be answered.
    } finally {
      late.clear()
    }
    return this.#isOver
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      const { done, value } = (await this.#reader?.read()) ?? { done: true }
      if (done) this.#isOver = true
      return value
    } catch {
      throw clientLeft()
    }
  }
}

/** @throws RequestError 400 */
export function parseJson(bytes: Uint8Array): unknown {
  if (depth(bytes) > MOST_BRACKETS) throw new RequestError(400, 'Validation', 'The body has brackets within brackets, too many to be read.')
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new RequestError(400, 'Validation', 'The body is not JSON in UTF-8.')
  }
}

/** Nobody reads this answer: it is counted. */
export function clientLeft(): RequestError {
  return new RequestError(499, 'ClientClosedRequest', 'The client went away.')
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c]

/** How deep brackets stand in brackets, outside of strings. */
function depth(bytes: Uint8Array): number {
  let open = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
    } else if (byte === QUOTE) inString = true
    // [ and {, ] and }
    else if (byte === 0x5b || byte === 0x7b) deepest = Math.max(deepest, ++open)
    else if (byte === 0x5d || byte === 0x7d) open--
  }
  return deepest
}

function sleep(milliseconds: number): { over: Promise<'over'>; clear(): void } {
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<'over'>((resolve) => {
    timer = setTimeout(resolve, milliseconds, 'over')
  })
  return { over, clear: () => clearTimeout(timer) }
}
