import { basename, isAbsolute, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { formatBytes } from '../../model/format-bytes.js'
import { BUNDLED_MODEL } from '../../model/location.js'
import { MODEL_PACKAGES } from '../../model/packages.js'
import { copyPageFiles, pageFiles } from '../page-files.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { writeLines } from './output.js'

const usage = 'DIR [options]'

export const copy: Command = {
  name: 'copy',
  usage,
  summary: 'Copy the files that a page fetches, for builds that do not.',
  details:
    'Vite, webpack, Rspack and Next.js copy the worker, ONNX Runtime and the model by themselves. Where nothing does (esbuild, Rollup,\n' +
    'Parcel, a static folder, a browser extension), this writes them to DIR as they lie in the package; serve DIR, and pass its\n' +
    'address as assetsPath. A page without a build imports DIR/dist/index.js. Run it again after each update of the package.',
  options: {
    models: {
      value: 'NAMES',
      help: `Models to copy, with commas between them (default: ${BUNDLED_MODEL}); ${Object.keys(MODEL_PACKAGES).join(' and ')} are installed apart`,
    },
    'no-webgpu': { help: 'Leave out what only WebGPU needs' },
    ...commonOptions,
  },
  examples: ['copy public/page-rerank', 'copy public/page-rerank --models page-rerank-small-en,page-rerank-small-zh --no-webgpu'],
  run,
}

async function run(args: Arguments, { stdout }: CommandContext): Promise<void> {
  args.atMost(1, `page-rerank copy ${usage}`)
  const [to] = args.positionals
  if (!to) throw new InvalidInputError('invalid-input', `Copy where? The usage is: page-rerank copy ${usage}.`)
  const copied = await pageFiles(readModels(args.text('models')), !args.flag('no-webgpu'))
  const bytes = await copyPageFiles(copied, to)
  const files = copied.map(({ path }) => path)
  await writeLines(stdout, args.flag('json') ? [JSON.stringify({ folder: to, bytes, files }, undefined, 2)] : describe(to, files, bytes))
}

function readModels(names = BUNDLED_MODEL): string[] {
  const known = [BUNDLED_MODEL, ...Object.keys(MODEL_PACKAGES)]
  const wanted = names.split(',').map((name) => name.trim())
  const unknown = wanted.find((name) => !known.includes(name))
  if (unknown === undefined) return wanted
  throw new InvalidInputError('invalid-option', `--models names ${JSON.stringify(unknown)}; there are ${known.join(', ')}.`, {
    option: 'models',
  })
}

function describe(to: string, files: readonly string[], bytes: number): string[] {
  const path = to.split(sep).join('/')
  // What is above is not served.
  const [, served = isAbsolute(to) ? basename(to) : path] = /(?:^|\/)(?:public|static|dist|www)\/(.+)/.exec(path) ?? []
  const address = `/${served.replace(/^(\.?\/)+|\/+$/g, '')}/`
  return [
    `${files.length} files, ${formatBytes(bytes)} in ${to}. Serve them beside your page, and name their address:`,
    `  with a bundler:     createReranker({ assetsPath: '${address}' })`,
    `  without a bundler:  import { createReranker } from '${address}dist/index.js'`,
  ]
}
