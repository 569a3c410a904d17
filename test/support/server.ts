import { createReadStream, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

export const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

export type Handler = (request: IncomingMessage, response: ServerResponse, url: URL) => boolean | Promise<boolean>

export interface TestServer {
  origin: string
  /** Paths asked for, in order. */
  requests: string[]
  close(): Promise<void>
}

export interface ServeOptions {
  /** Folders by path prefix, e.g. `{ '/dist/': 'dist' }`. The longest prefix wins. */
  folders: Record<string, string>
  /** Send COOP and COEP. @default true */
  isolated?: boolean
  /** Looks at every request first; answers it by returning true. */
  handler?: Handler
}

/** A page that loads nothing. */
export const BLANK_PAGE = '/blank.html'

/** Serve folders on a free port of the loopback address. */
export async function serve({ folders, isolated = true, handler }: ServeOptions): Promise<TestServer> {
  const requests: string[] = []
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost')
    requests.push(url.pathname)
    if (isolated) {
      response.setHeader('cross-origin-opener-policy', 'same-origin')
      response.setHeader('cross-origin-embedder-policy', 'require-corp')
    }
    if (await handler?.(request, response, url)) return
    if (url.pathname === BLANK_PAGE) {
      response.setHeader('content-type', 'text/html; charset=utf-8')
      response.end('<!doctype html><html lang="en"><title>blank</title><link rel="icon" href="data:,"></html>')
      return
    }
    const prefix = Object.keys(folders)
      .filter((one) => url.pathname.startsWith(one))
      .sort((a, b) => b.length - a.length)[0]
    if (prefix !== undefined) {
      let path = join(folders[prefix] as string, normalize(decodeURIComponent(url.pathname.slice(prefix.length))))
      let stats = statSync(path, { throwIfNoEntry: false })
      if (stats?.isDirectory()) {
        path = join(path, 'index.html')
        stats = statSync(path, { throwIfNoEntry: false })
      }
      if (stats) {
        response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
        response.setHeader('content-length', stats.size)
        createReadStream(path).pipe(response)
        return
      }
    }
    response.statusCode = 404
    response.end('not found')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** The folders most tests need: the built library, the bundled model, the reference models. */
export const LIBRARY_FOLDERS = { '/dist/': 'dist', '/models/': 'models', '/reference/': 'test/reference' }
