import type { Device } from '../types.js'

/** Remembers which of two devices was faster. */
export interface FasterDeviceStore {
  read(key: string): Promise<Device | undefined>
  write(key: string, faster: Device): Promise<void>
}

const CACHE_NAME = 'page-rerank'

/** In the Cache API, the one storage that pages and workers share; without it every visit times anew. */
export const webFasterDevices: FasterDeviceStore = {
  async read(key) {
    try {
      const response = await (await caches.open(CACHE_NAME)).match(address(key))
      return ((await response?.text()) as Device | undefined) || undefined
    } catch {
      return undefined
    }
  },
  async write(key, faster) {
    try {
      await (await caches.open(CACHE_NAME)).put(address(key), new Response(faster))
    } catch {
      // Storage is blocked or full.
    }
  },
}

/** The Cache API is keyed by addresses; this one is never fetched. */
function address(key: string): string {
  return new URL(`/page-rerank/faster-device/${encodeURIComponent(key)}`, globalThis.location.origin).href
}
