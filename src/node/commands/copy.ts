import { cp, readdir, readFile, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { formatBytes } from '../../model/format-bytes.js'
import { BUNDLED_MODEL } from '../../model/location.js'
import { MODEL_PACKAGES } from '../../model/packages.js'
import { PACKAGED_ORT_NAMES } from '../../runtime/ort-files.js'
import { installedModelFolder } from '../installed-model.js'
import { packageFolder } from '../package-folder.js'
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
  const from = packageFolder()
  const models = readModels(args.text('models'))
  const withWebGpu = !args.flag('no-webgpu')
  const sources: Source[] = [
    { folder: from, to: '', files: await pageFiles(from, withWebGpu) },
    ...(await Promise.all(models.map((one) => modelFiles(from, one, withWebGpu)))),
  ]
  const files: string[] = []
  let bytes = 0
  for (const source of sources) {
    for (const name of source.files) {
      const file = source.to + name
      await cp(join(source.folder, name), join(to, file))
      bytes += (await stat(join(to, file))).size
      files.push(file)
    }
  }
  await writeLines(stdout, args.flag('json') ? [JSON.stringify({ folder: to, bytes, files }, undefined, 2)] : describe(to, files, bytes))
}

/** Files of a folder, and the folder that they are copied to in the one that was asked for. */
interface Source {
  folder: string
  to: string
  files: string[]
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

/** Scripts and ONNX Runtime. */
async function pageFiles(from: string, withWebGpu: boolean): Promise<string[]> {
  const scripts = (await readdir(join(from, 'dist'))).filter((name) => name.endsWith('.js') && !/^(node|cli|ort-thread)/.test(name))
  const builds = withWebGpu ? Object.values(PACKAGED_ORT_NAMES) : [PACKAGED_ORT_NAMES.wasm]
  return [...scripts, ...builds.flatMap(({ script, binary }) => [`ort/${script}`, `ort/${binary}`])].map((file) => `dist/${file}`)
}

async function modelFiles(from: string, model: string, withWebGpu: boolean): Promise<Source> {
  const folder = model === BUNDLED_MODEL ? join(from, 'models', model) : installedModelFolder(model)
  const manifest = JSON.parse(await readFile(join(folder, 'page-rerank.json'), 'utf8'))
  const weights = (device: 'webgpu' | 'wasm'): string | undefined => manifest.dtypes[manifest.recommended[device]]?.file
  // A package's entry, for pages that have no bundler.
  const entry = model === BUNDLED_MODEL ? [] : ['index.js']
  const files = [...entry, 'page-rerank.json', ...Object.keys(manifest.files)]
  const gpuOnly = weights('webgpu') === weights('wasm') ? undefined : weights('webgpu')
  return { folder, to: `models/${model}/`, files: withWebGpu ? files : files.filter((file) => file !== gpuOnly) }
}

function describe(to: string, files: readonly string[], bytes: number): string[] {
  const served = to
    .split(sep)
    .join('/')
    .replace(/^(\.\/)?(public|static|dist|www)\//, '')
  return [
    `${files.length} files, ${formatBytes(bytes)} in ${to}. Serve them beside your page:`,
    `  createReranker({ assetsPath: '/${served.replace(/^\/+|\/+$/g, '')}/' })`,
  ]
}
