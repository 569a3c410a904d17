import { byId } from './dom.js'

/**
 * Counts requests between a query and its final order. Two witnesses: the browser's own resource timing in this thread
 * and in the search worker, and the service worker, which also sees the reranker's worker. The larger count is shown.
 */
export class NetworkProof {
  readonly #output = byId<HTMLOutputElement>('request-count')
  readonly #workerRequests: () => Promise<number>
  /** Of the running search or the last one; times as `performance.now()` gives them. */
  #start = Number.POSITIVE_INFINITY
  #end = Number.POSITIVE_INFINITY
  #searching = false
  #here = 0
  #inServiceWorker = 0
  #inWorker = 0
  #workerBefore = 0

  constructor(workerRequests: () => Promise<number>) {
    this.#workerRequests = workerRequests
    new PerformanceObserver((list) => {
      // Entries come late; what counts is when the request began.
      this.#here += list.getEntries().filter(({ startTime }) => startTime >= this.#start && startTime <= this.#end).length
      this.#show()
    }).observe({ type: 'resource' })
    navigator.serviceWorker?.addEventListener('message', ({ data }) => {
      if (data?.type !== 'request' || !this.#searching) return
      this.#inServiceWorker++
      this.#show()
    })
  }

  set searching(searching: boolean) {
    if (searching === this.#searching) return
    this.#searching = searching
    if (searching) this.#start = performance.now()
    this.#end = searching ? Number.POSITIVE_INFINITY : performance.now()
    void this.#workerRequests().then((requests) => {
      if (searching) this.#workerBefore = requests
      else {
        this.#inWorker += requests - this.#workerBefore
        this.#show()
      }
    })
  }

  #show(): void {
    const requests = Math.max(this.#here + this.#inWorker, this.#inServiceWorker)
    this.#output.textContent = String(requests)
    this.#output.dataset.count = String(requests)
  }
}
