import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { LocalRerankerInfo } from '../types.js'
import type { RequestQueue } from './queue.js'

/** Upper bounds of the histograms, in seconds. */
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** What one process counts, for Prometheus. */
export class Metrics {
  readonly registry = new Registry()
  readonly #registers = [this.registry]

  readonly #requests = new Counter({
    name: 'page_rerank_requests_total',
    help: 'Requests for an order, by the shape of the request and the status of the answer (499: the client went away).',
    labelNames: ['shape', 'status'] as const,
    registers: this.#registers,
  })

  readonly #documents = new Counter({
    name: 'page_rerank_documents_total',
    help: 'Documents that were ranked.',
    registers: this.#registers,
  })

  readonly #duration = new Histogram({
    name: 'page_rerank_request_duration_seconds',
    help: 'Seconds from the head of a request for an order to its answer.',
    labelNames: ['shape'] as const,
    buckets: SECONDS,
    registers: this.#registers,
  })

  readonly #queued = new Histogram({
    name: 'page_rerank_queue_duration_seconds',
    help: 'Seconds that a request for an order waited for its turn.',
    buckets: SECONDS,
    registers: this.#registers,
  })

  /** @param info of the model, while requests may come */
  constructor(queue: RequestQueue, info: () => LocalRerankerInfo | undefined) {
    collectDefaultMetrics({ register: this.registry })
    this.#gauge('page_rerank_requests_running', 'Requests that are ranked now.', () => queue.running)
    this.#gauge('page_rerank_requests_waiting', 'Requests that wait for their turn.', () => queue.waiting)
    this.#gauge('page_rerank_ready_processes', 'Processes whose model is loaded.', () => (info() ? 1 : 0))
    this.#gauge('page_rerank_kept_documents', 'Documents that were read and are kept.', () => info()?.kept?.documents ?? 0)
    this.#gauge('page_rerank_kept_bytes', 'Bytes that these take.', () => info()?.kept?.bytes ?? 0)
  }

  /** @param shape undefined where the request was refused before it was read */
  countRequest(shape: string | undefined, status: number, seconds: number): void {
    this.#requests.inc({ shape: shape ?? 'unknown', status })
    if (shape !== undefined && status === 200) this.#duration.observe({ shape }, seconds)
  }

  countDocuments(count: number): void {
    this.#documents.inc(count)
  }

  countTurn(seconds: number): void {
    this.#queued.observe(seconds)
  }

  /** In Prometheus's text form. */
  text(): Promise<string> {
    return this.registry.metrics()
  }

  #gauge(name: string, help: string, value: () => number): void {
    new Gauge({
      name,
      help,
      registers: this.#registers,
      collect() {
        this.set(value())
      },
    })
  }
}
