import { byId, create } from './dom.js'
import { onLanguage, strings } from './language.js'
import { BUDGETS, DEVICES, DTYPES, POOLS, type Settings } from './settings.js'

/** The settings form. Tells which setting changed; what that means is for the page to decide. */
export class Controls {
  readonly #pool = byId<HTMLSelectElement>('pool')
  readonly #budget = byId<HTMLSelectElement>('budget')
  readonly #device = byId<HTMLSelectElement>('device')
  readonly #dtype = byId<HTMLSelectElement>('dtype')
  readonly #model = byId<HTMLInputElement>('model')

  #settings: Settings

  constructor(settings: Settings, onChange: (change: Partial<Settings>) => void) {
    this.#settings = settings
    this.show(settings)
    onLanguage(() => this.show(this.#settings))

    this.#pool.addEventListener('change', () => onChange({ pool: Number(this.#pool.value) }))
    this.#budget.addEventListener('change', () => onChange({ budget: Number(this.#budget.value) }))
    this.#device.addEventListener('change', () => onChange({ device: this.#device.value as Settings['device'] }))
    this.#dtype.addEventListener('change', () => onChange({ dtype: this.#dtype.value as Settings['dtype'] }))
    this.#model.addEventListener('change', () => onChange({ model: this.#model.value.trim() }))
    byId('controls').addEventListener('submit', (event) => event.preventDefault())
  }

  show(settings: Settings): void {
    this.#settings = settings
    const { settings: labels } = strings()
    // An address may name a number that the list does not offer.
    const withNumber = (numbers: readonly number[], one: number) => (numbers.includes(one) ? numbers : [...numbers, one])
    fill(this.#pool, settings.pool, withNumber(POOLS, settings.pool), (pool) => (pool === 0 ? labels.everything : labels.candidates(pool)))
    fill(this.#budget, settings.budget, withNumber(BUDGETS, settings.budget), (budget) =>
      budget === 0 ? labels.noLimit : labels.limit(budget),
    )
    fill(this.#device, settings.device, DEVICES, (device) => labels.devices[device])
    fill(this.#dtype, settings.dtype, DTYPES, (dtype) => (dtype === 'auto' ? labels.dtypeAuto : dtype))
    this.#model.value = settings.model
    if (settings.model) this.#model.closest('details')?.setAttribute('open', '')
  }
}

function fill<T extends string | number>(select: HTMLSelectElement, chosen: T, values: readonly T[], label: (value: T) => string): void {
  select.replaceChildren(...values.map((value) => option(String(value), label(value))))
  select.value = String(chosen)
}

function option(value: string, label: string): HTMLOptionElement {
  const element = create('option', '', label)
  element.value = value
  return element
}
