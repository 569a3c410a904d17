import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** What goes wrong with a file, as often as `times` says. */
export type Fault =
  /** Hang up after this share of what was asked for. */
  | { cut: number }
  | { status: number; headers?: Record<string, string> }
  /** The page that a single-page app or a captive portal answers with. */
  | { html: true }
  /** The right length, other bytes. */
  | { corrupt: true }
  | { redirectLoop: true }
  /** Send this share and then nothing more, without hanging up. */
  | { stall: number }

interface PlannedFault {
  path: string
  fault: Fault
  times: number
}

export interface HubRequest {
  path: string
  /** As it was asked for. */
  revision: string
  status: number
  range?: string
  authorization?: string
}

type Files = Record<string, Uint8Array>

interface HubModel {
  /** `owner/name`. */
  id: string
  /** Of its first commit, which `main` stands for. */
  files: Files
  /** Needs this token. */
  token?: string
}

interface Repository {
  token?: string
  commits: Map<string, Files>
  /** Commits of branches and tags. */
  refs: Map<string, string>
}

/**
 * A server that speaks the hub's addresses: `/owner/name/resolve/REV/path`, small files at once and large ones by a
 * redirect to a CDN of another origin, with the hub's headers, ranges, and the API's list of files.
 */
export class TestHub {
  /** Files of this many bytes and more live on the CDN. */
  static readonly LARGE = 10_000
  /** Bytes that are sent at once. */
  static readonly PIECE = 1 << 16

  /** Its address, which stays the same when it is closed. */
  host = ''
  /** Every answer about a file, by hub and CDN, in order. */
  readonly requests: HubRequest[] = []
  /** Milliseconds between two pieces of a CDN's answer, so that it can be caught in the middle. */
  pieceDelay = 0
  /** A CDN's answers stop after so many bytes, until `release` is called. */
  holdAt = Number.POSITIVE_INFINITY
  /** A mirror may lack the hub's API, */
  hasApi = true
  /** or not tell the commit beside a file. */
  tellsCommit = true
  /** The API takes a question and does not answer. */
  apiHangs = false
  /** Questions to the API. */
  apiRequests = 0
  readonly #models = new Map<string, Repository>()
  #faults: PlannedFault[] = []
  #held: (() => void)[] = []
  readonly #hub = createServer((request, response) => this.#answer(request, response, false))
  readonly #cdn = createServer((request, response) => this.#answer(request, response, true))

  static async start(models: HubModel[]): Promise<TestHub> {
    const hub = new TestHub()
    for (const { id, files, token } of models) {
      hub.#models.set(id, { token, commits: new Map(), refs: new Map() })
      hub.push(id, files)
    }
    await Promise.all([hub.#hub, hub.#cdn].map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done))))
    hub.host = origin(hub.#hub)
    return hub
  }

  /** Let the next requests for a file go wrong. */
  fail(path: string, fault: Fault, times = 1): void {
    this.#faults.push({ path, fault, times })
  }

  /** Let the answers go on that were held. */
  release(): void {
    this.holdAt = Number.POSITIVE_INFINITY
    for (const goOn of this.#held.splice(0)) goOn()
  }

  /** Forget faults and requests. */
  reset(): void {
    this.release()
    this.#faults = []
    this.requests.length = 0
    this.pieceDelay = 0
    this.hasApi = true
    this.tellsCommit = true
    this.apiHangs = false
    this.apiRequests = 0
  }

  /** Statuses of the answers that carried a file's bytes. */
  statusesOf(path: string): number[] {
    return this.requests.filter((one) => one.path === path && one.status !== 302).map(({ status }) => status)
  }

  /** A new commit with these files, for which a branch or tag stands from now on. @returns its name */
  push(id: string, files: Files, ref = 'main'): string {
    const { commits, refs } = this.#models.get(id) as Repository
    const commit = commitOf(files)
    commits.set(commit, { ...files })
    refs.set(ref, commit)
    return commit
  }

  /** A new commit with another file in an old one's place. @returns its name */
  replace(id: string, path: string, bytes: Uint8Array): string {
    const { commits, refs } = this.#models.get(id) as Repository
    return this.push(id, { ...commits.get(refs.get('main') as string), [path]: bytes })
  }

  /** The commit that a branch or tag stands for. */
  commitOf(id: string, ref = 'main'): string {
    return this.#models.get(id)?.refs.get(ref) as string
  }

  async close(): Promise<void> {
    this.release()
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse, cdn: boolean): Promise<void> {
    response.setHeader('access-control-allow-origin', '*')
    // What huggingface.co exposes, as far as it matters here.
    response.setHeader('access-control-expose-headers', 'X-Repo-Commit,ETag,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag')
    response.setHeader('cross-origin-resource-policy', 'cross-origin')
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (request.method === 'OPTIONS') {
      // A CDN answers no preflight: a page has to do without headers that need one.
      response.writeHead(405).end()
      return
    }
    const [, apiId, apiRevision = ''] = /^\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/]+)$/.exec(url.pathname) ?? []
    if (apiId) return this.#list(apiId, decodeURIComponent(apiRevision), response)
    const [, id = '', encoded = '', path = ''] = /^\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname) ?? []
    const revision = decodeURIComponent(encoded)
    const model = this.#models.get(id)
    const commit = model && (model.refs.get(revision) ?? revision)
    const files = model?.commits.get(commit as string)
    const bytes = files?.[path]
    const isHead = request.method === 'HEAD'
    const large = bytes !== undefined && bytes.length >= TestHub.LARGE
    const note = (status: number) => {
      const { range, authorization } = request.headers
      if (!isHead) this.requests.push({ path, revision, status, ...(range && { range }), ...(authorization && { authorization }) })
      response.statusCode = status
    }
    const refuse = (status: number, headers: Record<string, string> = {}) => {
      note(status)
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      response.end(`status ${status}`)
    }
    // A large file's faults happen where its bytes are; a loop and a refusal at the hub.
    const fault = isHead ? undefined : this.#takeFault(path, (one) => cdn || !large || 'redirectLoop' in one || 'status' in one)
    if (fault && 'status' in fault) return refuse(fault.status, fault.headers)
    if (fault && 'redirectLoop' in fault) return refuse(302, { location: url.pathname })
    if (!cdn && model?.token && request.headers.authorization !== `Bearer ${model.token}`) {
      return refuse(401, { 'x-error-code': 'GatedRepo' })
    }
    if (!bytes) return refuse(404, { 'x-error-code': !model ? 'RepoNotFound' : files ? 'EntryNotFound' : 'RevisionNotFound' })
    const sha256 = hash('sha256', bytes)
    if (!cdn) {
      if (this.tellsCommit) response.setHeader('x-repo-commit', commit as string)
      if (large) {
        return refuse(302, {
          location: `${origin(this.#cdn)}/${id}/resolve/${commit}/${path}?signature=${Date.now()}`,
          'x-linked-etag': `"${sha256}"`,
          'x-linked-size': String(bytes.length),
        })
      }
    }
    // A CDN's ETag is a hash of its own, as long as a SHA-256 and another one.
    response.setHeader('etag', `"${cdn ? hash('sha256', Buffer.from(sha256)) : hash('sha1', bytes)}"`)
    response.setHeader('accept-ranges', 'bytes')
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0)
    if (start > 0 && start >= bytes.length) return refuse(416, { 'content-range': `bytes */${bytes.length}` })
    if (start > 0) response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`)
    await this.#send(response, () => note(start > 0 ? 206 : 200), bytes.subarray(start), fault)
  }

  async #send(response: ServerResponse, note: () => void, wanted: Uint8Array, fault: Fault | undefined): Promise<void> {
    let body = wanted
    if (fault && 'html' in fault) body = Buffer.from('<!DOCTYPE html><title>Please log in</title>')
    if (fault && 'corrupt' in fault) body = wanted.map((byte, i) => (i % 1000 === 500 ? byte ^ 1 : byte))
    const share = fault && 'cut' in fault ? fault.cut : fault && 'stall' in fault ? fault.stall : 1
    note()
    response.setHeader('content-length', body.length)
    if (response.req.method === 'HEAD') {
      response.end()
      return
    }
    response.flushHeaders()
    const end = Math.floor(body.length * share)
    for (let at = 0; at < end && !response.destroyed; at += TestHub.PIECE) {
      if (at >= this.holdAt) await new Promise<void>((done) => this.#held.push(done))
      await new Promise<void>((done) => response.write(body.subarray(at, Math.min(end, at + TestHub.PIECE)), () => done()))
      if (this.pieceDelay > 0) await new Promise((done) => setTimeout(done, this.pieceDelay))
    }
    if (fault && 'stall' in fault) return
    if (share === 1) response.end()
    else {
      // What was written has to leave before the connection does.
      await new Promise((done) => setTimeout(done, 20))
      response.destroy()
    }
  }

  #list(id: string, revision: string, response: ServerResponse): void {
    this.apiRequests++
    if (this.apiHangs) return
    const model = this.#models.get(id)
    const commit = model?.refs.get(revision) ?? revision
    const files = model?.commits.get(commit)
    if (!files || !this.hasApi) {
      response.writeHead(404).end('{"error":"Repository not found"}')
      return
    }
    const siblings = Object.entries(files).map(([rfilename, bytes]) => ({
      rfilename,
      size: bytes.length,
      // Of a large file it is the pointer's name.
      blobId: bytes.length >= TestHub.LARGE ? '0'.repeat(40) : hash('sha1', Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes])),
      ...(bytes.length >= TestHub.LARGE && { lfs: { sha256: hash('sha256', bytes), size: bytes.length, pointerSize: 134 } }),
    }))
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ id, sha: commit, siblings }))
  }

  #takeFault(path: string, here: (fault: Fault) => boolean): Fault | undefined {
    const planned = this.#faults.find((one) => one.path === path && one.times > 0 && here(one.fault))
    if (planned) planned.times--
    return planned?.fault
  }
}

/** The files of a folder by their paths below it. */
export function filesOf(folder: string): Record<string, Uint8Array<ArrayBuffer>> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    paths.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path.slice(folder.length + 1), readFileSync(path)]
    }),
  )
}

/** An ONNX file made larger by a long doc_string (field 6 of ModelProto), which changes nothing else. */
export function enlarge(onnx: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const length: number[] = []
  for (let rest = bytes; rest > 0; rest >>>= 7) length.push((rest & 127) | (rest > 127 ? 128 : 0))
  return Buffer.concat([onnx, Uint8Array.of((6 << 3) | 2, ...length), Buffer.alloc(bytes, 'page-rerank ')])
}

function commitOf(files: Files): string {
  return hash('sha1', Buffer.from(JSON.stringify(Object.entries(files).map(([path, bytes]) => [path, hash('sha1', bytes)]))))
}

function hash(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex')
}

function origin(server: ReturnType<typeof createServer>): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
