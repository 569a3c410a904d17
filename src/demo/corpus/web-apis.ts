import type { DocumentEntry } from '../document-entry.js'

/** A JSDoc comment and the declaration that follows it. */
interface DocumentedDeclaration {
  comment: string
  /** The declaration's source up to its first `{` or `;`. */
  header: string
  /** Names of the interfaces, namespaces and variables around it, outermost first. */
  owners: string[]
  /** True inside `declare var X: { … }`, where static members are declared. */
  isStatic: boolean
}

interface Scope {
  /** Undefined for braces that declare nothing a reader could name: inline object types, mapped types. */
  name?: string
  isStatic: boolean
}

const CONTAINER = /^(?:declare\s+|export\s+)*(interface|namespace|var|const)\s+([\w$]+)/
const MEMBER =
  /^(?:(?:declare|export|readonly|static|get|set|var|const|function|type|interface|namespace)\s+)*([\w$]+|"[^"]+")(\??\s*[(<])?/
const LINK = /\[MDN Reference\]\((https:\/\/developer\.mozilla\.org\/docs\/[^)\s]+)\)/

/**
 * Finds every documented declaration in a `.d.ts` file by walking over its comments, strings and braces. The npm
 * package of TypeScript 7 brings no parser that a program can call, and generated declarations are regular enough.
 */
export function* documentedDeclarations(source: string): Generator<DocumentedDeclaration> {
  const scopes: Scope[] = []
  let comment: string | undefined
  let header = ''
  let at = 0

  const declaration = (): DocumentedDeclaration | undefined => {
    if (comment === undefined || scopes.some((scope) => scope.name === undefined)) return undefined
    const owners = scopes.map((scope) => scope.name as string)
    return { comment, header: header.trim(), owners, isStatic: scopes.at(-1)?.isStatic ?? false }
  }

  while (at < source.length) {
    const char = source[at] as string
    if (source.startsWith('//', at)) {
      at = endOf(source, '\n', at)
    } else if (source.startsWith('/*', at)) {
      const end = endOf(source, '*/', at)
      // A comment in the middle of a declaration documents a parameter, not the declaration.
      if (source.startsWith('/**', at) && header.trim() === '') comment = source.slice(at + 3, end - 2)
      at = end
    } else if (char === '"' || char === "'" || char === '`') {
      const end = endOf(source, char, at + 1)
      header += source.slice(at, end)
      at = end
    } else if (char === '{' || char === ';') {
      const found = declaration()
      if (found) yield found
      if (char === '{') scopes.push(scopeOf(header.trim()))
      comment = undefined
      header = ''
      at++
    } else if (char === '}') {
      scopes.pop()
      header = ''
      at++
    } else {
      header += char
      at++
    }
  }
}

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from)
  return found < 0 ? source.length : found + mark.length
}

function scopeOf(header: string): Scope {
  const container = CONTAINER.exec(header)
  if (!container) return { isStatic: false }
  const [, keyword, name] = container
  return { name, isStatic: keyword === 'var' || keyword === 'const' }
}

/** The Web APIs that have both a sentence and a link, one entry a name. */
export function extractWebApis(source: string): DocumentEntry[] {
  const entries = new Map<string, DocumentEntry>()
  const urls = new Set<string>()
  for (const declaration of documentedDeclarations(source)) {
    const entry = toEntry(declaration)
    // Overloads, global functions that repeat `Window`'s, prefixed aliases: the first one speaks for all.
    if (!entry || entries.has(entry.id) || urls.has(entry.url as string)) continue
    entries.set(entry.id, entry)
    urls.add(entry.url as string)
  }
  return [...entries.values()]
}

function toEntry({ comment, header, owners, isStatic }: DocumentedDeclaration): DocumentEntry | undefined {
  const url = LINK.exec(comment)?.[1]
  const text = plainText(comment)
  const member = MEMBER.exec(header)
  const name = member?.[1]?.replaceAll('"', '')
  if (!url || !text || !name) return undefined

  const deprecated = /@deprecated/.test(comment) ? ({ deprecated: true } as const) : {}
  const cssProperty = /\/CSS\/Reference\/Properties\/([\w-]+)$/.exec(url)?.[1]
  if (cssProperty) return { id: `css:${cssProperty}`, title: cssProperty, text, kind: 'CSS property', url, ...deprecated }

  const owner = ownerInUrl(url, name) ?? owners.join('.')
  if (name === 'new') {
    return { id: `${owner}.constructor`, title: `new ${owner}()`, text, kind: 'constructor', url, ...deprecated }
  }
  const callable = member?.[2] !== undefined && !/^(?:declare\s+)?(?:interface|type|get|set)\b/.test(header)
  const id = owner ? `${owner}.${name}` : name
  const kind = /^(?:declare\s+)?interface\b/.test(header)
    ? 'interface'
    : /^(?:declare\s+)?namespace\b/.test(header)
      ? 'namespace'
      : `${isStatic ? 'static ' : ''}${callable ? 'method' : 'property'}`
  return { id, title: callable ? `${id}()` : id, text, kind, url, ...deprecated }
}

/**
 * Mixins (`WindowOrWorkerGlobalScope.fetch`) and globals (`alert`) are documented under the object that people know
 * them by: `Window.fetch`.
 */
function ownerInUrl(url: string, name: string): string | undefined {
  const [, owner, member] = /\/Web\/API\/([\w.]+)\/(\w+)$/.exec(url) ?? []
  return member?.replace(/_(static|event)$/, '') === name ? owner : undefined
}

/** The sentences of a comment, without its stars, tags, link and Markdown marks. */
function plainText(comment: string): string {
  return comment
    .replace(/^[ \t]*\*[ \t]?/gm, '')
    .replace(LINK, '')
    .replace(/^@\w+.*$/gm, '')
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/\*\*|`/g, '')
    .replace(/\s+/g, ' ')
    .trim()
}
