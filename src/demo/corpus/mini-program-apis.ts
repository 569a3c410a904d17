import type { DocumentEntry } from '../document-entry.js'

/** A JSDoc comment. */
const COMMENT = /\/\*\*([\s\S]*?)\*\//g
/**
 * What each documented method begins with: its signature, linked to its page. Before the name is what it returns, which may be
 * a link itself.
 */
const SIGNATURE =
  /^\[(?:[^\n]*\s)?([\w$]+(?:\.[\w$]+)+)\(([^\n]*)\)\]\((https:\/\/developers\.weixin\.qq\.com\/miniprogram\/dev\/(?:api|framework)\/[^)\s]+)\)/
/** Notes on versions, the same in every entry. */
const NOTES = /^(?:需要基础库|在插件中使用|相关文档|本接口从基础库版本)[^\n]*$/gm

/**
 * The documented methods of WeChat's mini programs, in Chinese, from the declarations of the npm package
 * `miniprogram-api-typings`: one entry a page of the documentation.
 *
 * @param source text of `types/wx/lib.wx.api.d.ts`
 */
export function extractMiniProgramApis(source: string): DocumentEntry[] {
  const entries = new Map<string, DocumentEntry>()
  for (const [, comment = ''] of source.matchAll(COMMENT)) {
    const entry = toEntry(comment.replace(/^[ \t]*\*[ \t]?/gm, '').trim())
    // Overloads and members that several interfaces repeat: the first one speaks for all.
    if (entry && !entries.has(entry.id)) entries.set(entry.id, entry)
  }
  return [...entries.values()]
}

function toEntry(comment: string): DocumentEntry | undefined {
  const [signature, id, , url] = SIGNATURE.exec(comment) ?? []
  if (signature === undefined || id === undefined) return undefined
  const text = plainText(comment.slice(signature.length))
  if (text === '') return undefined
  return { id, title: `${id}()`, text, kind: 'method', url, ...(/@deprecated/.test(comment) && { deprecated: true as const }) }
}

/** The sentences of a comment, without examples, tables, pictures, tags and Markdown marks. */
function plainText(comment: string): string {
  return comment
    .replace(/```[\s\S]*?(?:```|$)/g, '')
    .replace(NOTES, '')
    .replace(/^@\w+.*$/gm, '')
    .replace(/^\|.*\|\s*$/gm, '')
    .replace(/!?\[+([^\]]*)\]+\([^)]*\)/g, (link, words) => (link.startsWith('!') ? '' : words))
    .replace(/^\*\*(?:示例代码|示例|代码示例|参考代码)\*\*\s*$/gm, '')
    .replace(/\*\*|`|^#+ |^- /gm, '')
    .replace(/\s+/g, ' ')
    .trim()
}
