/** What the address of a hub file says. */
export interface HubAddress {
  /** Without the scheme; with the path, where a mirror has one. */
  host: string
  /** `owner/name`. */
  model: string
  revision: string
  file: string
}

/** Take apart `<host>/<owner>/<name>/resolve/<revision>/<file>`, with or without a scheme; undefined for other addresses. */
export function parseHubAddress(address: string): HubAddress | undefined {
  const [, host, model, revision, file] = /^(?:https?:\/\/)?(.+)\/([^/]+\/[^/]+)\/resolve\/([^/]+)\/([^?#]+)$/.exec(address) ?? []
  return host && model && revision && file ? { host, model, revision: decodeURIComponent(revision), file } : undefined
}

/** Take apart `<host>/api/models/<owner>/<name>/revision/<revision>`, the same way. */
export function parseRevisionAddress(address: string): Omit<HubAddress, 'file'> | undefined {
  const [, host, model, revision] = /^(?:https?:\/\/)?(.+)\/api\/models\/([^/]+\/[^/]+)\/revision\/([^/?#]+)$/.exec(address) ?? []
  return host && model && revision ? { host, model, revision: decodeURIComponent(revision) } : undefined
}
