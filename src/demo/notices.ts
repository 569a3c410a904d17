import { isRerankerError, type ProgressEvent } from 'page-rerank'
import { formatBytes } from '../model/format-bytes.js'
import { byId } from './dom.js'
import { wait } from './format.js'

/** Bytes of the model as they arrive, then the wait for the first session. */
export class LoadProgress {
  readonly #root = byId('progress')
  readonly #bar = byId<HTMLProgressElement>('progress-bar')
  readonly #label = byId('progress-label')
  readonly #detail = byId('progress-detail')
  #frame = 0

  start(): void {
    this.#root.hidden = false
    this.#root.dataset.status = 'initiate'
    this.#bar.removeAttribute('value')
    this.#say('Loading the model …', 'from this disk, or else from the network')
  }

  /** Events come by the hundred; the eye gets one a frame. */
  show(event: ProgressEvent): void {
    if (event.status !== 'progress_total') return
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.#draw(event))
  }

  #draw({ loaded, total, rate, secondsLeft = 0 }: Extract<ProgressEvent, { status: 'progress_total' }>): void {
    Object.assign(this.#root.dataset, { status: 'progress', loaded: String(loaded), total: String(total) })
    if (loaded >= total) {
      this.#bar.removeAttribute('value')
      this.#say('Starting the model …', `${formatBytes(total)} are here; its scores are checked`)
      return
    }
    this.#bar.max = total
    this.#bar.value = loaded
    const pace = rate ? `, ${formatBytes(rate)}/s, ${wait(secondsLeft)} left` : ''
    this.#say('Loading the model …', `${formatBytes(loaded)} of ${formatBytes(total)}${pace}`)
  }

  /** Always two lines, so that the notice keeps its height. */
  #say(label: string, detail: string): void {
    this.#label.textContent = label
    this.#detail.textContent = detail
  }

  end(): void {
    cancelAnimationFrame(this.#frame)
    this.#root.hidden = true
    this.#root.dataset.status = 'ready'
  }
}

/** What went wrong, in the library's own words, and a way on. */
export class ErrorNotice {
  readonly #root = byId('error')
  readonly #title = byId('error-title')
  readonly #message = byId('error-message')
  #retry: () => void = () => {}

  constructor() {
    byId('error-retry').addEventListener('click', () => {
      this.hide()
      this.#retry()
    })
  }

  show(title: string, error: unknown, retry: () => void): void {
    this.#retry = retry
    this.#root.dataset.code = isRerankerError(error) ? error.code : ''
    this.#title.textContent = title
    this.#message.textContent = error instanceof Error ? error.message : String(error)
    this.#root.hidden = false
  }

  hide(): void {
    this.#root.hidden = true
  }
}
