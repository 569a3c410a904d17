import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

/** One exported name: its docstring and its declaration, as the compiler writes them. */
interface Declaration {
  name: string
  kind: 'function' | 'interface' | 'type' | 'class' | 'const'
  doc: string
  code: string
}

interface Entry {
  /** What is imported. */
  module: string
  file: string
  about: string
}

const ENTRIES: readonly Entry[] = [
  { module: 'page-rerank', file: 'index.d.ts', about: 'The page’s entry. In Node the same name gives [page-rerank/node](node.md).' },
  {
    module: 'page-rerank/node',
    file: 'node/index.d.ts',
    about: 'Node’s entry: what differs from [page-rerank](page.md), and what pages do not have.',
  },
  { module: 'page-rerank/search', file: 'search/index.d.ts', about: 'A search box over any first stage ([search](../search.md)).' },
  { module: 'page-rerank/react', file: 'react/index.d.ts', about: 'Hooks for [React](../react.md).' },
  { module: 'page-rerank/vue', file: 'vue/index.d.ts', about: 'Composables for [Vue](../vue.md).' },
  { module: 'page-rerank/component', file: 'component/index.d.ts', about: 'A [custom element](../component.md).' },
  { module: 'page-rerank/algolia', file: 'algolia/index.d.ts', about: 'A client of [Algolia](../algolia.md) whose hits are reranked.' },
  { module: 'page-rerank/cascade', file: 'cascade/index.d.ts', about: 'Two rerankers as one ([cascade](../cascade.md)).' },
  { module: 'page-rerank/ai-sdk', file: 'adapters/ai-sdk.d.ts', about: 'A model for the [AI SDK](../ai-frameworks.md#ai-sdk).' },
  {
    module: 'page-rerank/langchain',
    file: 'adapters/langchain.d.ts',
    about: 'A document compressor for [LangChain](../ai-frameworks.md#langchain).',
  },
  {
    module: 'page-rerank/tanstack-ai',
    file: 'adapters/tanstack-ai.d.ts',
    about: 'An adapter for [TanStack AI](../ai-frameworks.md#tanstack-ai).',
  },
  { module: 'page-rerank/mastra', file: 'adapters/mastra.d.ts', about: 'A scorer for [Mastra](../ai-frameworks.md#mastra).' },
  { module: 'page-rerank/remote', file: 'remote/index.d.ts', about: 'Rerankers behind [a server](../remote.md).' },
  { module: 'page-rerank/vitepress', file: 'vitepress/index.d.ts', about: 'A plugin for sites of [VitePress](../vitepress.md).' },
  { module: 'page-rerank/no-webgpu', file: 'no-webgpu.d.ts', about: 'The page’s entry for sites that want WASM alone.' },
  { module: 'page-rerank/no-model', file: 'no-model.d.ts', about: 'The page’s entry for sites that bring a model.' },
]

/**
 * The reference, page by page, out of the types that the build writes.
 *
 * @param types folder of the built types
 * @returns pages by their names, in the order in which they are listed
 */
export function apiReference(types: string): Map<string, string> {
  const shared = namesOf(types, 'index.d.ts')
  return new Map(
    ENTRIES.map(({ module, file, about }) => {
      // What every entry exports is on the first page alone.
      const isFirst = file === 'index.d.ts'
      const own = [...namesOf(types, file)].filter(([name, one]) => isFirst || shared.get(name)?.code !== one.code).map(([, one]) => one)
      return [module.split('/')[1] ?? 'page', pageOf(module, about, own)]
    }),
  )
}

/** All names that a file exports, wherever they are declared. */
function namesOf(types: string, file: string): Map<string, Declaration> {
  const text = readFileSync(join(types, file), 'utf8')
  const names = new Map<string, Declaration>()
  const fileOf = (specifier: string) => normalize(join(dirname(file), specifier.replace(/\.js$/, '.d.ts')))
  const take = (from: Map<string, Declaration>, list: string) => {
    for (const one of list.split(',')) {
      const [name, as = name] = one
        .trim()
        .replace(/^type\s+/, '')
        .split(/\s+as\s+/)
      const found = name && from.get(name)
      if (found) names.set(as as string, { ...found, name: as as string })
    }
  }
  for (const one of declarationsOf(text)) names.set(one.name, one)
  for (const [, specifier] of text.matchAll(/^export \* from '(\..+)';/gm))
    for (const [name, one] of namesOf(types, fileOf(specifier as string))) names.set(name, one)
  for (const [, list, specifier] of text.matchAll(/^export (?:type )?\{([^}]*)\} from '(\..+)';/gm))
    take(namesOf(types, fileOf(specifier as string)), list as string)
  for (const [, list] of text.matchAll(/^export (?:type )?\{([^}]*)\};/gm))
    for (const [, imported, specifier] of text.matchAll(/^import (?:type )?\{([^}]*)\} from '(\..+)';/gm))
      if (list?.split(',').some((one) => imported?.includes(one.trim()) && one.trim()))
        take(namesOf(types, fileOf(specifier as string)), list)
  return names
}

const DECLARATION = /^((?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?)export (?:declare )?(?:abstract )?(function|interface|type|class|const) (\w+)/gm

function declarationsOf(text: string): Declaration[] {
  return [...text.matchAll(DECLARATION)].map((match) => {
    const [whole, doc = '', kind, name] = match
    const start = (match.index as number) + doc.length
    return {
      name: name as string,
      kind: kind as Declaration['kind'],
      doc: wordsOf(doc),
      code: text.slice(start, endOf(text, start + whole.length - doc.length)),
    }
  })
}

/** Where a statement ends: its brackets are closed and a semicolon or the last brace has come. */
function endOf(text: string, from: number): number {
  let depth = 0
  for (let at = from; at < text.length; at++) {
    const comment = /^(?:\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\]|\\.)*')/.exec(text.slice(at, at + 5000))
    if (comment) {
      at += comment[0].length - 1
      continue
    }
    if (/[{([]/.test(text[at] as string)) depth++
    if (/[})\]]/.test(text[at] as string)) depth--
    if (depth === 0 && (text[at] === ';' || (text[at] === '}' && text[at + 1] === '\n'))) return at + 1
  }
  return text.length
}

function wordsOf(comment: string): string {
  return comment
    .replace(/^\/\*\*\s?|\s*\*\/\s*$/g, '')
    .replace(/^[ \t]*\* ?/gm, '')
    .trim()
}

const KINDS: readonly [title: string, kinds: readonly Declaration['kind'][]][] = [
  ['Functions', ['function']],
  ['Errors', ['class']],
  ['Types', ['interface', 'type', 'const']],
]

function pageOf(module: string, about: string, all: readonly Declaration[]): string {
  const sections = KINDS.map(([title, kinds]) => [title, all.filter(({ kind }) => kinds.includes(kind))] as const).filter(
    ([, some]) => some.length > 0,
  )
  const body = sections.map(([title, some]) => `## ${title}\n\n${some.map(declarationOf).join('\n\n')}`)
  return `---\neditLink: false\n---\n\n# ${module}\n\n${about}\n\n${body.join('\n\n')}\n`
}

function declarationOf({ name, kind, doc, code }: Declaration): string {
  const [about = '', ...tags] = doc.split(/^@(?=\w)/m)
  const more = tags.map((tag) => {
    const [, word, text = ''] = /^(\w+)\s*([\s\S]*)$/.exec(tag.trim()) ?? []
    if (word === 'example') return `\`\`\`js\n${text.trim()}\n\`\`\``
    if (word === 'param') return `- ${escaped(text.replace(/^(\w+)\s+/, '`$1`: ').replace(/\n\s*/g, ' '))}`
    return `**${word === 'throws' ? 'Throws' : word === 'returns' ? 'Returns' : word}** ${escaped(text)}`
  })
  const signature = code.replace(/^export (declare )?/, '').replaceAll('    ', '  ')
  return `### ${name}${kind === 'function' ? '()' : ''}\n\n${escaped(about.trim())}\n\n\`\`\`ts\n${signature}\n\`\`\`\n\n${more.join('\n\n')}`
}

/** Vue would take an angle bracket outside of code for a tag. */
function escaped(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 ? part : part.replaceAll('<', '&lt;')))
    .join('')
}
