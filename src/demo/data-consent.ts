import { models, runtimeBytes } from 'virtual:models'
import { listCachedModels } from 'page-rerank'
import { bytesOf, type ChosenModel } from './download-size.js'
import { onLanguage, strings } from './language.js'

/** Models that the reader has agreed to, wherever it was asked. */
const agreed = new Set<string>()

/** The reader's browser asks sites to fetch little. */
export function savesData(): boolean {
  const { connection } = navigator as Navigator & { connection?: { saveData?: boolean } }
  return connection?.saveData === true || matchMedia('(prefers-reduced-data: reduce)').matches
}

/** Asks before a model is fetched, and says which and how large it is; keywords search meanwhile. */
export class DataConsent {
  readonly #root: HTMLElement
  #asked: { model: string; megabytes: number | undefined } | undefined

  constructor(root: HTMLElement) {
    this.#root = root
    onLanguage(() => this.#write())
  }

  get isOpen(): boolean {
    return !this.#root.hidden
  }

  /**
   * Resolves when the model may be fetched: at once, but where the reader saves data, has not agreed to this model and has it not on this
   * device. A question stands until another one takes its place, or `close`.
   *
   * @param signal the model is not wanted any more
   * @param onAsked the question is shown
   * @throws the signal's reason
   */
  async ask(chosen: ChosenModel, signal: AbortSignal, onAsked: () => void): Promise<void> {
    const { model } = chosen
    if (savesData() && !agreed.has(model)) {
      const known = models.find(({ names }) => names.includes(model))
      const kept = await keptNames()
      signal.throwIfAborted()
      if (![model, address(model), ...(known?.names ?? [])].some((name) => kept.has(name))) {
        const bytes = bytesOf(chosen, known, 'gpu' in navigator)
        // What runs a model came with the first one.
        const extra = agreed.size + kept.size > 0 ? 0 : runtimeBytes
        this.#asked = { model, megabytes: bytes && Math.ceil((bytes + extra) / 1e6) }
        this.#write()
        this.#root.hidden = false
        onAsked()
        await this.#answer(signal)
      }
      agreed.add(model)
    }
    signal.throwIfAborted()
    this.close()
  }

  /** Nothing is asked any more. */
  close(): void {
    this.#root.hidden = true
  }

  #answer(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.#root.querySelector('button')?.addEventListener('click', () => resolve(), { once: true, signal })
    })
  }

  #write(): void {
    const message = this.#root.querySelector('.consent-message')
    if (message && this.#asked) message.textContent = strings().consent(this.#asked.model, this.#asked.megabytes)
  }
}

/** The models whose weights are on this device. */
async function keptNames(): Promise<Set<string>> {
  const models = await listCachedModels().catch(() => [])
  return new Set(models.filter(({ files }) => files.some(({ file }) => file.endsWith('.onnx'))).map(({ model }) => model))
}

/** As a folder of this site is called on the disk. */
function address(model: string): string {
  return new URL(model, document.baseURI).href.replace(/\/?$/, '/')
}
