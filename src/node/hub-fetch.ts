import { isIPv4, isIPv6 } from 'node:net'
import { ModelLoadError } from '../errors.js'
import type { Fetch } from '../model/download/file-reader.js'
import { DEFAULT_HOST } from '../model/location.js'

/** As many as browsers and huggingface_hub's requests allow at least. */
const MAX_REDIRECTS = 20

/** The hub's address, without a final slash: what was asked for, else `HF_ENDPOINT`, else the hub itself. */
export function hubHost(host: string | undefined): string {
  return (host || process.env.HF_ENDPOINT || DEFAULT_HOST).replace(/\/+$/, '')
}

/**
 * Makes a `fetch` for model files that follows redirects step by step: the hub says a file's SHA-256 (`X-Linked-ETag`)
 * beside its redirect to the CDN, and the CDN no longer does. The token goes to the hub alone.
 *
 * @param host address of the hub or mirror
 * @param token `HF_TOKEN`
 */
export function createHubFetch(host: string, token: string | undefined): Fetch {
  return async (url, { headers = {}, method = 'GET', signal }) => {
    let linked: string | null = null
    let at = url
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await fetch(at, {
        method,
        // Plain bytes, so that lengths and ranges are the file's own; and the token, for the hub alone.
        headers: {
          'accept-encoding': 'identity',
          ...headers,
          ...(token && at.startsWith(`${host}/`) && { authorization: `Bearer ${token}` }),
        },
        signal: signal ?? null,
        redirect: 'manual',
      })
      const location = response.headers.get('location')
      if (response.status < 300 || response.status >= 400 || location === null) return linked ? withLinked(response, linked) : response
      linked ??= response.headers.get('x-linked-etag')
      await response.body?.cancel()
      at = redirected(at, location)
    }
    throw new ModelLoadError('download-failed', `${url} leads from one redirect to the next without end. Check the host's address.`, {
      file: url,
    })
  }
}

/**
 * Where a redirect leads, if it may lead there.
 *
 * @throws ModelLoadError (`download-failed`) for what is not of the web, for plain http behind https, and for this machine
 *   and its own network behind an address elsewhere
 */
function redirected(from: string, location: string): string {
  const here = new URL(from)
  const there = URL.canParse(location, here) ? new URL(location, here) : undefined
  const isWeb = there?.protocol === 'https:' || (there?.protocol === 'http:' && here.protocol === 'http:')
  if (there && isWeb && (!isPrivate(there.hostname) || isPrivate(here.hostname))) return there.href
  throw new ModelLoadError('download-failed', `${from} leads to ${location}, which is not followed. Check the host's address.`, {
    file: from,
  })
}

/** Addresses of this machine and its network, where other things than models answer. Names are not looked up. */
function isPrivate(hostname: string): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIPv6(address)) return /^(::|f[cd]|fe[89ab])/.test(address)
  if (isIPv4(address)) return PRIVATE_IPV4.test(address)
  return /(^|\.)(localhost|local|internal)$/.test(hostname)
}

const PRIVATE_IPV4 = /^(0|10|127|169\.254|172\.(1[6-9]|2\d|3[01])|192\.168|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\./

function withLinked(response: Response, linked: string): Response {
  const headers = new Headers(response.headers)
  headers.set('x-linked-etag', linked)
  const { status, statusText, body } = response
  return new Response(body, { status, statusText, headers })
}
