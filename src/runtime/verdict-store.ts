import type { Device } from '../types.js'

/** Remembers which device won a contest. */
export interface VerdictStore {
  read(key: string): Promise<Device | undefined>
  write(key: string, winner: Device): Promise<void>
}

const CACHE_NAME = 'page-rerank'

/** Verdicts in the Cache API, the one storage that pages and workers share; without it every visit times anew. */
export const webVerdicts: VerdictStore = {
  async read(key) {
    try {
      const response = await (await caches.open(CACHE_NAME)).match(address(key))
      return ((await response?.text()) as Device | undefined) || undefined
    } catch {
      return undefined
    }
  },
  async write(key, winner) {
    try {
      await (await caches.open(CACHE_NAME)).put(address(key), new Response(winner))
    } catch {
      // Storage is blocked or full.
    }
  },
}

/** The Cache API is keyed by addresses; this one is never fetched. */
function address(key: string): string {
  return new URL(`/page-rerank/verdict/${encodeURIComponent(key)}`, globalThis.location.origin).href
}
