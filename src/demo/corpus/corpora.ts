import type { DocumentEntry } from '../document-entry.js'
import { extractMiniProgramApis } from './mini-program-apis.js'
import { extractWebApis } from './web-apis.js'

/** Documents that the page is built with, from packages of the registry: nothing of them is in the repository. */
export type BuiltCorpus = 'web-apis' | 'mini-program-apis'

interface Source {
  /** The package's file that they are taken from. */
  file: string
  extract(source: string): DocumentEntry[]
  /** Fewer would mean that the file's form has changed. */
  least: number
  /** What reads them. */
  model: string
}

export const CORPORA: Record<BuiltCorpus, Source> = {
  'web-apis': { file: '@types/web/index.d.ts', extract: extractWebApis, least: 4000, model: 'page-rerank-small-en' },
  'mini-program-apis': {
    file: 'miniprogram-api-typings/types/wx/lib.wx.api.d.ts',
    extract: extractMiniProgramApis,
    least: 1000,
    model: 'page-rerank-small-zh',
  },
}
