import type { ProgressEvent } from 'page-rerank'
import { formatBytes } from '../model/format-bytes.js'
import type { Compared, OtherModel } from './comparison.js'
import { byId, create } from './dom.js'
import { errorMessage, onLanguage, strings } from './language.js'
import type { Ranking } from './search-flow.js'
import { DEVICES } from './settings.js'

/** Places that the two orders are compared in. */
const TOP = 10

/** Which model is compared, how far it is, and how the two orders and times differ. */
export class ComparePanel {
  readonly #model = byId<HTMLInputElement>('compare-model')
  readonly #device = byId<HTMLSelectElement>('compare-device')
  readonly #stop = byId('compare-stop')
  readonly #state = byId('compare-state')
  readonly #facts = byId('compare-facts')
  #compared: Compared | undefined
  #ranking: Ranking | undefined
  #milliseconds = 0

  /** @param onChoice the model to compare with, and its device */
  constructor(choice: OtherModel, onChoice: (choice: OtherModel) => void) {
    this.setModel(choice)
    byId('compare-form').addEventListener('submit', (event) => {
      event.preventDefault()
      // The greyed name is what an empty field stands for.
      onChoice({ model: this.#model.value.trim() || this.#model.placeholder, device: this.#device.value as OtherModel['device'] })
    })
    this.#stop.addEventListener('click', () => onChoice({ model: '', device: this.#device.value as OtherModel['device'] }))
    onLanguage(() => {
      this.#fillDevices(this.#device.value)
      this.#draw()
    })
  }

  setModel({ model, device }: OtherModel): void {
    this.#model.value = model
    this.#fillDevices(device)
  }

  #fillDevices(chosen: string): void {
    const { devices } = strings().settings
    this.#device.replaceChildren(...DEVICES.map((device) => Object.assign(create('option', '', devices[device]), { value: device })))
    this.#device.value = chosen
  }

  /** The other order of the same question, and the milliseconds that it took. */
  showRanking(ranking: Ranking | undefined, milliseconds: number): void {
    this.#ranking = ranking
    this.#milliseconds = milliseconds
    this.#draw()
  }

  show(compared: Compared | undefined): void {
    this.#compared = compared
    if (compared) this.#model.value = compared.model
    this.#draw()
  }

  showProgress(event: ProgressEvent): void {
    if (event.status !== 'progress_total' || this.#compared?.state !== 'loading') return
    const { load } = strings()
    this.#state.textContent = load.progress(formatBytes(event.loaded), formatBytes(event.total))
  }

  #draw(): void {
    const { compareNotes, compare, errors } = strings()
    const compared = this.#compared
    this.#stop.hidden = compared === undefined
    this.#state.classList.toggle('problem', compared?.state === 'error')
    if (!compared || compared.state === 'done') this.#state.textContent = ''
    else if (compared.state === 'error') this.#state.textContent = `${errors.compare} ${errorMessage(compared.error)}`
    else if (compared.state === 'reranking') this.#state.textContent = compareNotes.reranking(compared.scored, compared.total)
    else this.#state.textContent = compared.state === 'idle' ? compare.waiting : compareNotes[compared.state]
    this.#facts.replaceChildren(...this.#lines().map((line) => create('li', '', line)))
  }

  #lines(): string[] {
    const compared = this.#compared
    const ranking = this.#ranking
    if (compared?.state !== 'done' || !compared.results || !ranking || ranking.query !== compared.query) return []
    const { compare } = strings()
    const ours = ranking.response.results.slice(0, TOP).map(({ document }) => document.at)
    const theirs = compared.results.slice(0, TOP).map(({ document }) => document)
    const first = theirs[0]
    const common = theirs.filter(({ at }) => ours.includes(at)).length
    return [
      compare.times(compared.total, compared.milliseconds, factor(compared.milliseconds / this.#milliseconds), ranking.ranked),
      ...(first ? [first.at === ours[0] ? compare.sameFirst : compare.otherFirst(first.title)] : []),
      compare.common(common, Math.min(TOP, theirs.length)),
    ]
  }
}

/** 0.8, 3.2, 47 */
const factor = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)))
