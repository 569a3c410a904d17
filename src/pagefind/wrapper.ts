import type { Pagefind } from './pagefind.js'
import { Ranker, type RankerSurroundings } from './ranker.js'
import type { Settings } from './settings.js'
import { wrap } from './wrap.js'

/**
 * What the site's `pagefind.js` calls (`npx page-rerank pagefind`). It is in that file itself, so that a search is there whatever becomes
 * of the other files.
 */
export default function wrapPagefind(
  original: Pagefind,
  settings: Settings,
  { base, library }: Pick<RankerSurroundings, 'base' | 'library'>,
): Pagefind {
  const ranker = new Ranker(settings, {
    base,
    library,
    lang: () => globalThis.document?.documentElement.lang || 'unknown',
    savesData: () => (globalThis.navigator as { connection?: { saveData?: boolean } } | undefined)?.connection?.saveData === true,
  })
  return wrap(original, ranker)
}
