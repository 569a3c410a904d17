import { createReadStream, readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'
import { TYPES } from '../support/server.js'

/** Keeps nothing by itself: answers from what the page put into its cache, as the service worker of an app would. */
const SERVICE_WORKER = `
self.addEventListener('install', () => self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))
self.addEventListener('fetch', (event) =>
  event.respondWith(caches.match(event.request, { ignoreVary: true }).then((kept) => kept ?? fetch(event.request))))
`

/** Files that are the harness's and not the app's: they have no policy. A service worker is registered from a page. */
const OWN: Record<string, [type: string, text: string]> = {
  '/offline.html': ['text/html', '<!doctype html><title>offline</title><link rel="icon" href="data:,">'],
  '/offline.js': ['text/javascript', SERVICE_WORKER],
}

export interface Site {
  origin: string
  /** Bytes of files that were asked for. */
  sent(): number
  /** What browsers reported of the policy: the directive and what it stopped. */
  violations: string[]
  close(): void
}

/**
 * A folder as a plain static host serves it, with a policy on every response: a worker has its own response's.
 *
 * @param policy directives of the Content-Security-Policy
 * @param anyOrigin whether pages of other origins may read it
 */
export async function serveSite(folder: string, policy: string[], anyOrigin = false): Promise<Site> {
  let bytes = 0
  const violations: string[] = []
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost')
    if (pathname === '/violations') {
      let text = ''
      request.on('data', (chunk) => (text += chunk))
      request.on('end', () => {
        const report = JSON.parse(text)['csp-report']
        violations.push(`${report['effective-directive'] ?? report['violated-directive']}: ${report['blocked-uri']}`)
        response.writeHead(204).end()
      })
      return
    }
    const own = OWN[pathname]
    if (own) {
      response.writeHead(200, { 'content-type': own[0] }).end(own[1])
      return
    }
    let path = join(folder, normalize(decodeURIComponent(pathname)))
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) path = join(path, 'index.html')
    const size = statSync(path, { throwIfNoEntry: false })?.size
    if (size === undefined) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('not found')
      return
    }
    if (policy.length > 0) response.setHeader('content-security-policy', [...policy, 'report-uri /violations'].join('; '))
    if (anyOrigin) response.setHeader('access-control-allow-origin', '*')
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream', 'content-length': size })
    if (request.method === 'HEAD') {
      response.end()
      return
    }
    bytes += size
    createReadStream(path).pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => bytes,
    violations,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Bytes of all files below a folder. */
export function sizeOf(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0)
}
