import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** Every code of an error, out of the union that declares them. */
const codes = [...(/type ErrorCode =([^}]*?)\n\n/.exec(read('src/errors.ts'))?.[1] ?? '').matchAll(/'([\w-]+)'/g)].map(
  ([, code]) => code as string,
)

test.each(['docs/troubleshooting.md', 'docs/zh/troubleshooting.md'])('%s has an entry for every code, and for no other', (page) => {
  expect(codes.length).toBeGreaterThan(15)
  // Options and classes stand in a table of their own.
  const [, byCode] = read(page).split(/^## (?:By code|错误代码)$/m)
  const entries = [...(byCode?.split(/^## /m)[0] ?? '').matchAll(/^### ([\w-]+)$/gm)].map(([, code]) => code)
  expect(entries.toSorted()).toEqual(codes.toSorted())
})
