import { byId } from './dom.js'
import { onLanguage, strings } from './language.js'

/** How long the model may wait for the service worker: what it fetches after that is not kept for offline use. */
const PATIENCE_MS = 4000

/**
 * Registers the service worker and waits until it has taken over, so that the files of the reranker's worker pass
 * through it and are kept, without being downloaded twice.
 *
 * @returns true where the page will work offline
 */
export async function registerServiceWorker(): Promise<boolean> {
  // The dev server has no service worker to offer.
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return false
  try {
    const controlled = new Promise<true>((resolve) => {
      if (navigator.serviceWorker.controller) resolve(true)
      else navigator.serviceWorker.addEventListener('controllerchange', () => resolve(true), { once: true })
    })
    await navigator.serviceWorker.register('./sw.js')
    const stall = new Promise<false>((resolve) => setTimeout(() => resolve(false), PATIENCE_MS))
    return await Promise.race([controlled, stall])
  } catch {
    // Private windows and plain http refuse; the page works without it.
    return false
  }
}

export type OfflineState = 'waiting' | 'ready' | 'offline' | 'unavailable' | 'gone'

/** The badge that says whether the page would survive without a network. */
export class OfflineBadge {
  readonly #badge = byId('offline')
  readonly #hint = byId('offline-hint')
  #ready = false
  #state: OfflineState = 'waiting'

  constructor() {
    this.#show('waiting')
    onLanguage(() => this.#show(this.#state))
    for (const event of ['online', 'offline']) addEventListener(event, () => this.#ready && this.setReady(true))
  }

  setReady(available: boolean): void {
    this.#ready = available
    this.#show(available ? (navigator.onLine ? 'ready' : 'offline') : 'unavailable')
  }

  /** A model that would be needed may be gone from the disk. */
  setModelGone(): void {
    if (!this.#ready) return
    this.#ready = false
    this.#show('gone')
  }

  #show(state: OfflineState): void {
    this.#state = state
    const [badge, hint] = strings().offline[state]
    this.#badge.dataset.state = state
    this.#badge.textContent = badge
    this.#hint.textContent = hint
  }
}
