import { byId } from './dom.js'
import { type Request, requestOf } from './request.js'

/**
 * Counts requests between a query and its final order. Two witnesses: the browser's own resource timing in this thread
 * and in the search worker, and the service worker, which also sees the reranker's worker. Addresses that both saw count once.
 */
export class NetworkProof {
  readonly #output = byId<HTMLOutputElement>('request-count')
  readonly #workerRequests: () => Promise<Request[]>
  readonly #seen = new Set<string>()
  /** Times of day, because every thread has its own `performance.now()`. */
  #start = Number.POSITIVE_INFINITY
  #end = Number.POSITIVE_INFINITY

  /** @param workerRequests all requests that the search worker has made so far */
  constructor(workerRequests: () => Promise<Request[]>) {
    this.#workerRequests = workerRequests
    new PerformanceObserver((list) => this.#count(list.getEntries().map(requestOf))).observe({ type: 'resource' })
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (data?.type === 'request') this.#count([data])
    })
  }

  set searching(searching: boolean) {
    const now = performance.timeOrigin + performance.now()
    if (searching) {
      this.#start = now
      this.#end = Number.POSITIVE_INFINITY
    } else if (this.#end > now) {
      this.#end = now
      void this.#workerRequests().then((requests) => this.#count(requests))
    }
  }

  /** Witnesses report late; what counts is when a request began. */
  #count(requests: Request[]): void {
    for (const { url, time } of requests) {
      if (time >= this.#start && time <= this.#end) this.#seen.add(url)
    }
    this.#output.textContent = String(this.#seen.size)
    this.#output.dataset.count = String(this.#seen.size)
    this.#output.title = [...this.#seen].join('\n')
  }
}
