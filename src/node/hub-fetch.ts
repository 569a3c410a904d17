import { ModelLoadError } from '../errors.js'
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
export function createHubFetch(host: string, token: string | undefined) {
  return async (url: string, { headers, signal }: { headers: Record<string, string>; signal?: AbortSignal | null }): Promise<Response> => {
    let linked: string | null = null
    let at = url
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await fetch(at, {
        headers: { ...headers, ...hubHeaders(at, host, token) },
        signal: signal ?? null,
        redirect: 'manual',
      })
      const location = response.headers.get('location')
      if (response.status < 300 || response.status >= 400 || location === null) return linked ? withLinked(response, linked) : response
      linked ??= response.headers.get('x-linked-etag')
      await response.body?.cancel()
      at = new URL(location, at).href
    }
    throw new ModelLoadError('download-failed', `${url} leads from one redirect to the next without end. Check the host's address.`, {
      file: url,
    })
  }
}

/** Plain bytes, so that lengths and ranges are the file's own; and the token, for the hub alone. */
export function hubHeaders(url: string, host: string, token: string | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (token && url.startsWith(`${host}/`)) headers.authorization = `Bearer ${token}`
  return headers
}

function withLinked(response: Response, linked: string): Response {
  const headers = new Headers(response.headers)
  headers.set('x-linked-etag', linked)
  const { status, statusText, body } = response
  return new Response(body, { status, statusText, headers })
}
