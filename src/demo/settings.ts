import type { CreateRerankerOptions } from 'page-rerank'
import { type Language, languageOf } from './choose-language.js'
import type { Corpus } from './search.worker.js'

/** Everything a shared address restores. */
export interface Settings {
  q: string
  corpus: Corpus
  device: NonNullable<CreateRerankerOptions['device']>
  dtype: NonNullable<CreateRerankerOptions['dtype']>
  /** Candidates of the first stage that are ranked; 0 is everything where the model has read it ahead. */
  pool: number
  /** Milliseconds for reranking; 0 is no limit. */
  budget: number
  /** Registry name, hub id or address; empty is the bundled model for what is searched. */
  model: string
  /** The same of a model to compare with; empty is none. */
  compare: string
  /** Where that one runs. */
  compareDevice: NonNullable<CreateRerankerOptions['device']>
  /** The language that was chosen; empty is the browser's. */
  lang: Language | ''
}

const CORPUS_NAMES: readonly Corpus[] = ['web-apis', 'mini-program-apis', 'own']
export const DEVICES: readonly Settings['device'][] = ['auto', 'webgpu', 'wasm']
export const DTYPES: readonly Settings['dtype'][] = ['auto', 'fp32', 'fp16', 'q8', 'int8', 'uint8', 'q4', 'q4f16']
export const POOLS: readonly number[] = [0, 30, 50, 100, 200, 400]
/** Candidates for a model that has not read everything: a cross-encoder never has. */
export const CANDIDATES = 100
export const BUDGETS: readonly number[] = [0, 250, 500, 1000, 2000, 5000]
const MAX_POOL = 400
const MAX_BUDGET = 60_000

export const DEFAULTS: Settings = {
  q: '',
  corpus: 'web-apis',
  device: 'auto',
  dtype: 'auto',
  pool: 0,
  budget: 0,
  model: '',
  compare: '',
  compareDevice: 'auto',
  lang: '',
}

/** Settings from an address. What it does not name, or names wrongly, is the default. */
export function readSettings(search: string): Settings {
  const parameters = new URLSearchParams(search)
  const oneOf = <T extends string>(name: string, allowed: readonly T[], otherwise: T): T =>
    allowed.find((value) => value === parameters.get(name)) ?? otherwise
  const within = (name: string, min: number, max: number, otherwise: number): number => {
    const value = Number(parameters.get(name) ?? Number.NaN)
    return Number.isFinite(value) ? Math.min(max, Math.max(min, Math.round(value))) : otherwise
  }
  return {
    q: parameters.get('q') ?? DEFAULTS.q,
    corpus: oneOf('corpus', CORPUS_NAMES, DEFAULTS.corpus),
    device: oneOf('device', DEVICES, DEFAULTS.device),
    dtype: oneOf('dtype', DTYPES, DEFAULTS.dtype),
    pool: within('pool', 0, MAX_POOL, DEFAULTS.pool),
    budget: within('budget', 0, MAX_BUDGET, DEFAULTS.budget),
    model: parameters.get('model') ?? DEFAULTS.model,
    compare: parameters.get('compare') ?? DEFAULTS.compare,
    compareDevice: oneOf('compareDevice', DEVICES, DEFAULTS.compareDevice),
    lang: languageOf(parameters.get('lang') ?? '') ?? DEFAULTS.lang,
  }
}

/** The query part of an address, `''` where all is as by default. */
export function writeSettings(settings: Settings): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(settings)) {
    if (value !== DEFAULTS[name as keyof Settings]) parameters.set(name, String(value))
  }
  const search = parameters.toString()
  return search && `?${search}`
}
