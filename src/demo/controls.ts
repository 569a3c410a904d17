import { byId, create } from './dom.js'
import { DEVICES, DTYPES, type Settings } from './settings.js'

const DEVICE_LABELS: Record<Settings['device'], string> = { auto: 'best that works', webgpu: 'WebGPU', wasm: 'WebAssembly' }

/** The settings form. Tells which setting changed; what that means is for the page to decide. */
export class Controls {
  readonly #pool = byId<HTMLInputElement>('pool')
  readonly #poolValue = byId<HTMLOutputElement>('pool-value')
  readonly #budget = byId<HTMLSelectElement>('budget')
  readonly #device = byId<HTMLSelectElement>('device')
  readonly #dtype = byId<HTMLSelectElement>('dtype')
  readonly #model = byId<HTMLInputElement>('model')

  constructor(settings: Settings, onChange: (change: Partial<Settings>) => void) {
    this.#device.append(...DEVICES.map((device) => option(device, DEVICE_LABELS[device])))
    this.#dtype.append(...DTYPES.map((dtype) => option(dtype, dtype === 'auto' ? 'as the model advises' : dtype)))
    this.show(settings)

    this.#pool.addEventListener('input', () => this.#showPool())
    this.#pool.addEventListener('change', () => onChange({ pool: this.#pool.valueAsNumber }))
    this.#budget.addEventListener('change', () => onChange({ budget: Number(this.#budget.value) }))
    this.#device.addEventListener('change', () => onChange({ device: this.#device.value as Settings['device'] }))
    this.#dtype.addEventListener('change', () => onChange({ dtype: this.#dtype.value as Settings['dtype'] }))
    this.#model.addEventListener('change', () => onChange({ model: this.#model.value.trim() }))
    byId('controls').addEventListener('submit', (event) => event.preventDefault())
  }

  show(settings: Settings): void {
    this.#pool.value = String(settings.pool)
    this.#showPool()
    // An address may name a limit that the list does not offer.
    if (![...this.#budget.options].some(({ value }) => value === String(settings.budget))) {
      this.#budget.append(option(String(settings.budget), `${settings.budget} ms`))
    }
    this.#budget.value = String(settings.budget)
    this.#device.value = settings.device
    this.#dtype.value = settings.dtype
    this.#model.value = settings.model
    if (settings.model) this.#model.closest('details')?.setAttribute('open', '')
  }

  #showPool(): void {
    this.#poolValue.textContent = this.#pool.value
  }
}

function option(value: string, label: string): HTMLOptionElement {
  const element = create('option', '', label)
  element.value = value
  return element
}
