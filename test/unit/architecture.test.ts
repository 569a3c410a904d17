import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../../', import.meta.url)
const text = readFileSync(new URL('docs/architecture.md', root), 'utf8')

/** `core/session.ts`, `model/`, `test/contract`: what the page names in code font and is a path. */
const paths = [...text.matchAll(/`([\w.-]+(?:\/[\w.-]*)+|[\w-]+\.ts)`/g)]
  .map(([, path]) => path as string)
  .filter((path) => !path.startsWith('page-rerank/'))

test('every file and folder that docs/architecture.md names is there', () => {
  expect(paths.length).toBeGreaterThan(40)
  // Built, not kept in the repository.
  const source = paths.filter((path) => !path.startsWith('dist/'))
  expect(source.filter((path) => !['', 'src/'].some((place) => existsSync(new URL(place + path, root))))).toEqual([])
})
