import { isRerankerError, type ProgressEvent } from 'page-rerank'
import { formatBytes } from '../model/format-bytes.js'
import { byId } from './dom.js'
import { errorMessage, onLanguage, strings } from './language.js'

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
    const { load } = strings()
    this.#say(load.loading, load.source)
  }

  /** Events come by the hundred; the eye gets one a frame. */
  show(event: ProgressEvent): void {
    if (event.status !== 'progress_total') return
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.#draw(event))
  }

  #draw({ loaded, total, rate, secondsLeft = 0, files }: Extract<ProgressEvent, { status: 'progress_total' }>): void {
    Object.assign(this.#root.dataset, { status: 'progress', loaded: String(loaded), total: String(total) })
    const { load } = strings()
    // Before the weights have begun, the small files are all that is known.
    if (loaded >= total && Object.keys(files).some((file) => file.endsWith('.onnx'))) {
      this.#bar.removeAttribute('value')
      this.#say(load.starting, load.checking(formatBytes(total)))
      return
    }
    this.#bar.max = total
    this.#bar.value = loaded
    const pace = rate ? load.pace(formatBytes(rate), secondsLeft) : ''
    this.#say(load.loading, load.progress(formatBytes(loaded), formatBytes(total)) + pace)
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

/** What the page was doing when something went wrong. */
export type Failure = 'model' | 'rank' | 'search' | 'corpus' | 'worker'

/** What went wrong, and a way on. */
export class ErrorNotice {
  readonly #root = byId('error')
  readonly #title = byId('error-title')
  readonly #message = byId('error-message')
  #retry: () => void = () => {}
  #write: () => void = () => {}

  constructor() {
    byId('error-retry').addEventListener('click', () => {
      this.hide()
      this.#retry()
    })
    onLanguage(() => this.#write())
  }

  /** @param message the error in words, in the page's language; by default the library's own, or what stands for it */
  show(failure: Failure, error: unknown, retry: () => void, message = () => errorMessage(error)): void {
    this.#retry = retry
    this.#root.dataset.code = isRerankerError(error) ? error.code : ''
    this.#write = () => {
      this.#title.textContent = strings().errors[failure]
      this.#message.textContent = message()
    }
    this.#write()
    this.#root.hidden = false
  }

  hide(): void {
    this.#root.hidden = true
  }

  get isShown(): boolean {
    return !this.#root.hidden
  }
}
