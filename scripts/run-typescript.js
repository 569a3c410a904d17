// @ts-check
// node scripts/run-typescript.js FILE [ARGUMENT …]: run a TypeScript file of this repository in a Node that takes none.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'
import { root } from './install.js'

const [file, ...rest] = process.argv.slice(2)
if (file === undefined) throw new Error('Say which file to run.')
const bundle = await rolldown({ input: join(root, file), platform: 'node', external: /^[^./]/ })
// Below the project, so that its packages are found.
const built = join(root, 'node_modules/.cache/page-rerank', `${file.replaceAll(/\W+/g, '-')}.mjs`)
await bundle.write({ file: built, format: 'esm' })
process.argv = [process.argv[0] ?? 'node', built, ...rest]
await import(pathToFileURL(built).href)
