import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const PAGEFIND = fileURLToPath(new URL('../../node_modules/pagefind/lib/runner/bin.cjs', import.meta.url))

/** Pages by their paths: what stands in `main`, and its language where it is not English. */
export type Pages = Record<string, { title: string; main: string; lang?: string }>

/** Pages on which no question of the tests has its words but those that say so. */
export const GIT_PAGES: Pages = {
  revert: {
    title: 'git revert',
    main:
      '<p data-pagefind-filter="kind:change">Makes a new commit that takes back what an older one did.</p>' +
      '<h2 id="merge">Merges</h2><p>A merge has two parents; say which of them is the main line.</p>',
  },
  reset: {
    title: 'git reset',
    main:
      '<p data-pagefind-filter="kind:change">Moves the branch back.</p>' +
      '<h2 id="soft">Soft</h2><p>Undoes the last commit and keeps your work staged.</p>' +
      '<h2 id="hard">Hard</h2><p>Throws all of your work away, for good.</p>',
  },
  stash: {
    title: 'git stash',
    main: '<p data-pagefind-filter="kind:change">Puts unfinished changes aside, so that you can go on with something else.</p>',
  },
  log: { title: 'git log', main: '<p data-pagefind-filter="kind:look">Lists who made each commit, from the newest on.</p>' },
  blame: { title: 'git blame', main: '<p data-pagefind-filter="kind:look">Tells for each line who was the last person to touch it.</p>' },
  bisect: { title: 'git bisect', main: '<p data-pagefind-filter="kind:look">Finds by halves the version in which a bug appeared.</p>' },
  clone: {
    title: 'git clone',
    main: '<p data-pagefind-filter="kind:share">Downloads a whole repository, with its history, to your machine.</p>',
  },
  push: { title: 'git push', main: '<p data-pagefind-filter="kind:share">Uploads your branch to the server.</p>' },
  submodule: { title: 'git submodule', main: '<p data-pagefind-filter="kind:share">Keeps another repository in a folder of this one.</p>' },
  tag: { title: 'git tag', main: '<p data-pagefind-filter="kind:share">Gives a version a name that stays.</p>' },
}

/** Write a site's pages and run Pagefind on them. @returns the folder that Pagefind wrote */
export async function buildSite(folder: string, pages: Pages, options: string[] = []): Promise<string> {
  for (const [i, [path, { title, main, lang = 'en' }]] of Object.entries(pages).entries()) {
    const file = join(folder, path, 'index.html')
    await mkdir(dirname(file), { recursive: true })
    const sort = `data-pagefind-sort="place[data-place]" data-place="${i}"`
    await writeFile(
      file,
      `<!doctype html><html lang="${lang}"><title>${title}</title><main data-pagefind-body ${sort}><h1>${title}</h1>${main}</main></html>`,
    )
  }
  await promisify(execFile)(process.execPath, [PAGEFIND, '--site', folder, '--quiet', ...options])
  return join(folder, 'pagefind')
}
