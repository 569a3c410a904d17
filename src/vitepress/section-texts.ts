import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** What VitePress puts into its index of a section. */
interface Section {
  id: string
  title: string
  titles: readonly string[]
  text: string
}

interface MiniSearchClass {
  prototype: { add(section: Section): void }
}

/** Texts of sections that VitePress's index took, by id. Its JSON has none. */
const texts = new Map<string, string>()
const noted = new WeakSet<MiniSearchClass>()

/**
 * From now on note the text of each section that VitePress indexes. They are the sections as VitePress, and the options that its site gave it, made
 * them: no second reading of the pages could be trusted to make the same ones.
 *
 * @param vitepress a file of the VitePress that builds the site, whose MiniSearch it is
 */
export async function noteSectionTexts(vitepress: string): Promise<void> {
  const { default: MiniSearch } = (await import(pathToFileURL(moduleOf('minisearch', vitepress)).href)) as { default: MiniSearchClass }
  if (noted.has(MiniSearch)) return
  noted.add(MiniSearch)
  const { add } = MiniSearch.prototype
  MiniSearch.prototype.add = function (section) {
    add.call(this, section)
    const { id, title, titles, text } = section
    if (typeof id === 'string' && Array.isArray(titles)) texts.set(id, sectionText([...titles, title], text))
  }
}

/**
 * The texts of all sections of an index of VitePress's.
 *
 * @param json as MiniSearch writes it
 * @param letters that are kept of each at the most
 * @returns by id; `undefined` where one was not noted
 */
export function textsOfIndex(json: string, letters: number): Record<string, string> | undefined {
  const { documentIds = {} } = JSON.parse(json) as { documentIds?: Record<string, string> }
  const found = Object.values(documentIds).map((id) => [id, texts.get(id)] as const)
  if (found.some(([, text]) => text === undefined)) return undefined
  return Object.fromEntries(found.map(([id, text = '']) => [id, text.slice(0, letters)]))
}

/** What the model reads of a section: the headings that it is under, and its words. */
export function sectionText(titles: readonly (string | undefined)[], text: string | undefined): string {
  return `${words(titles.filter(Boolean).join(' > '))}\n${words(text ?? '')}`
}

const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ', ZeroWidthSpace: '' }

/** Of HTML without tags. */
function words(html: string): string {
  return html
    .replace(/&(?:#(\d+)|#[xX]([\da-fA-F]+)|(\w+));/g, (whole, decimal, hexadecimal, name) => {
      if (name) return ENTITIES[name] ?? whole
      const point = decimal ? Number(decimal) : Number.parseInt(hexadecimal, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : whole
    })
    .replace(/\u200b/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}

/** The file that `import` gives of a package, as another file sees it. `require.resolve` alone would give what `require` does. */
function moduleOf(name: string, from: string): string {
  const found = createRequire(from).resolve(name)
  const folder = found.slice(0, found.lastIndexOf(join('/', name, '/')) + name.length + 2)
  const { exports, module } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const target = exports?.['.']?.import
  return join(folder, target?.default ?? target ?? module)
}
