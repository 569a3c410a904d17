import { homedir } from 'node:os'
import { join } from 'node:path'

/** Folder of all cached models: $XDG_CACHE_HOME/page-rerank. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'page-rerank')
}

/** Where the file of an address is kept: <cache folder>/<host>/<path of the address>. */
export function cachePath(url: string): string {
  const { host, pathname } = new URL(url)
  const parts = pathname.split('/').map((part) => decodeURIComponent(part).replace(/[\\/]|^\.\.?$/g, '_'))
  return join(cacheFolder(), host.replace(':', '_'), ...parts)
}
