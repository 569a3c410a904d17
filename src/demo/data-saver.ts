import { byId } from './dom.js'
import { onLanguage, strings } from './language.js'

/** The reader's browser asks sites to fetch little. */
export function savesData(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } }
  return connection?.saveData === true || matchMedia('(prefers-reduced-data: reduce)').matches
}

/** Asks before megabytes are fetched, and says how many; keywords search meanwhile. */
export class DataConsent {
  readonly #root = byId('consent')
  readonly #message = byId('consent-message')
  #megabytes = 0

  get isOpen(): boolean {
    return !this.#root.hidden
  }

  constructor() {
    onLanguage(() => this.#write())
  }

  /** Resolves when the reader wants the model. */
  ask(megabytes: number): Promise<void> {
    this.#megabytes = megabytes
    this.#write()
    this.#root.hidden = false
    return new Promise((resolve) => {
      byId('consent-load').addEventListener(
        'click',
        () => {
          this.#root.hidden = true
          resolve()
        },
        { once: true },
      )
    })
  }

  #write(): void {
    this.#message.textContent = strings().consent(this.#megabytes)
  }
}
