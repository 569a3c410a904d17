import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { apiReference } from './api-reference.js'
import { MORE_PAGES, siteLink } from './repository-links.js'

/** Pages that are made of other files of the repository, which is the working directory: see .gitignore. */
const write = (path: string, text: string) => {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}

for (const folder of ['docs/api', 'docs/more', 'docs/public']) rmSync(folder, { recursive: true, force: true })

for (const [name, text] of apiReference('dist/types')) write(`docs/api/${name}.md`, text)

for (const [file, page] of Object.entries(MORE_PAGES)) {
  const text = readFileSync(file, 'utf8')
    .replace(/^---\n[\s\S]*?\n---\n/, '')
    .replace(/(!?)\[([^\]]*)\]\(([^)\s]+)\)/g, (whole, image, label, href) => {
      const link = siteLink(file, href)
      if (link === href) return whole
      return link === null ? label : `${image}[${label}](${link})`
    })
  write(`docs/${page}.md`, `---\neditLink: false\n---\n\n${text}`)
}

const examples = readdirSync('examples').filter((name) => name.endsWith('.js'))
const parts = examples.map((name) => `## ${name}\n\n\`\`\`js\n${readFileSync(join('examples', name), 'utf8').trim()}\n\`\`\``)
const LANGUAGES: Record<string, string> = { conf: 'nginx', py: 'python', sd: 'text' }
const folder = (path: string) =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.endsWith('.md') && statSync(join(path, name)).isFile())
    .map((name) => {
      const ending = name.split('.')[1] ?? 'docker'
      return `**${name}**\n\n\`\`\`${LANGUAGES[ending] ?? ending}\n${readFileSync(join(path, name), 'utf8').trim()}\n\`\`\``
    })
    .join('\n\n')
parts.push(`## serve\n\nTwo [servers](/serve) behind nginx.\n\n${folder('examples/serve')}`)
parts.push(`## qdrant\n\n[Multi-vectors](/scale#multi-vectors) in Qdrant, its order compared with ours.\n\n${folder('examples/qdrant')}`)
parts.push(
  `## engines\n\n[Behind a search engine](/scale#behind-a-search-engine): each is a program of its own.\n\n${folder('examples/engines')}`,
)
parts.push(`## vespa\n\n[Multi-vectors](/scale#vespa) in Vespa.\n\n${folder('examples/vespa')}`)
write(
  'docs/more/examples.md',
  `# Examples\n\nA first stage of each library behind \`createSearch\` ([search](/search)). The tests run them in a browser.\n\n${parts.join('\n\n')}\n`,
)

mkdirSync('docs/public', { recursive: true })
copyFileSync('public/icon.svg', 'docs/public/icon.svg')
