import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { execute, root } from '../package/installed-app.js'

/** The samples of docs/ai-frameworks.md as they stand there, in Node, with the default model. */
const LOCK = 'Request a lock that prevents the device from dimming or locking the screen.'
const samples = [...readFileSync(join(root, 'docs/ai-frameworks.md'), 'utf8').matchAll(/```js\n(.+?)```/gs)].map(
  ([, code]) => code as string,
)

/** What the reader has. */
const VECTOR_STORE = `
import { MemoryVectorStore } from '@langchain/classic/vectorstores/memory'
import { FakeEmbeddings } from '@langchain/core/utils/testing'
const texts = ['Clips onto a screen and lights the desk.', '${LOCK}', 'Press ink through a mesh onto cloth.']
const vectorStore = await MemoryVectorStore.fromTexts(texts, {}, new FakeEmbeddings())
`

let folder: string
beforeAll(() => {
  // Inside the repository, where its packages are found, itself among them.
  folder = mkdtempSync(join(root, 'test/adapters/.docs-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each([
  ['from "ai"', '', `${LOCK}\n`],
  ['from "@langchain', VECTOR_STORE, expect.stringMatching(`^${LOCK} 0\\.\\d+\n$`)],
  ['from "@tanstack', '', 'wake\n'],
  ['from "@mastra', '', 'wake\n'],
])('%s', async (imported, before, printed) => {
  const sample = samples.filter((code) => code.includes(imported.replaceAll('"', "'")))
  expect(sample).toHaveLength(1)
  const build = await rolldown({
    input: 'sample',
    platform: 'node',
    external: /^(?!@mastra)[@a-z]/,
    resolve: { alias: { '@mastra/rag': join(root, 'test/adapters/mastra-as-recorded.ts') } },
    plugins: [
      {
        name: 'sample',
        resolveId: (id) => (id === 'sample' ? id : undefined),
        load: (id) => (id === 'sample' ? before + sample[0] : undefined),
      },
    ],
  })
  const file = join(folder, `${imported.replace(/\W/g, '')}.mjs`)
  await build.write({ file, format: 'esm' })
  const { code, stdout, stderr } = await execute(process.execPath, [file])
  expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: printed, stderr: '' })
})
