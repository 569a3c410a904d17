import { posix } from 'node:path'

/** Files of the repository that are pages of the site too, and where. */
export const MORE_PAGES: Record<string, string> = {
  'SECURITY.md': 'more/security',
  'CHANGELOG.md': 'more/changelog',
  'CONTRIBUTING.md': 'more/contributing',
  'training/README.md': 'more/training',
  'models/page-rerank-small-en/README.md': 'more/page-rerank-small-en',
  'models/page-rerank-tiny-en/README.md': 'more/page-rerank-tiny-en',
  'models/page-rerank-small-zh/README.md': 'more/page-rerank-small-zh',
}

/**
 * Where a link of a file leads on the site.
 *
 * @param file the file that has it, below the repository
 * @param href as it stands there
 * @returns an address of the site; null for what the site does not have, which is then no link
 */
export function siteLink(file: string, href: string): string | null {
  if (/^(#|\/|[a-z]+:)/.test(href)) return href
  const [path = '', hash = ''] = href.split(/(?=#)/)
  const target = posix.join(posix.dirname(file), path).replace(/\/$/, '')
  if (/^docs\/.*\.md$/.test(target))
    return `/${target
      .slice('docs/'.length)
      .replace(/(^|\/)index\.md$/, '$1')
      .replace(/\.md$/, '')}${hash}`
  if (target.startsWith('docs/')) return href
  if (target in MORE_PAGES) return `/${MORE_PAGES[target]}${hash}`
  if (target === 'README.md') return '/getting-started'
  if (target === 'README.zh-CN.md') return '/zh/getting-started'
  if (target === 'examples') return '/more/examples'
  // What is in a folder is below the folder's heading.
  if (target.startsWith('examples/')) return `/more/examples#${slug(target.split('/')[1] ?? '')}`
  return null
}

/** A heading's anchor, as GitHub makes it, so that the same links work in both places. */
export function slug(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .replace(/\s/g, '-')
}
