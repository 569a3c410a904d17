import { cp, readdir, stat } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { InvalidInputError } from '../../errors.js'
import { formatBytes } from '../../model/format-bytes.js'
import { PACKAGED_ORT_NAMES } from '../../runtime/ort-files.js'
import { packageFolder } from '../package-folder.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { writeLines } from './output.js'

const usage = 'DIR [options]'
const MODELS = 'public/models'
const DEFAULT_MODEL = 'page-rerank-small-en'

export const copy: Command = {
  name: 'copy',
  usage,
  summary: 'Copy the files that a page fetches, for builds that do not.',
  details:
    'Vite, webpack, Rspack and Next.js copy the worker, ONNX Runtime and the model by themselves. Where nothing does (esbuild, Rollup,\n' +
    'Parcel, a static folder, a browser extension), this writes them to DIR as they lie in the package; serve DIR, and pass its\n' +
    'address as assetsPath. A page without a build imports DIR/dist/index.js. Run it again after each update of the package.',
  options: {
    models: { value: 'NAMES', help: `Models to copy, with commas between them (default: ${DEFAULT_MODEL})` },
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
  const models = await readModels(args.text('models'), join(from, MODELS))
  const withWebGpu = !args.flag('no-webgpu')
  const files = [
    ...(await pageFiles(from, withWebGpu)),
    ...(await Promise.all(models.map((one) => modelFiles(from, one, withWebGpu)))).flat(),
  ]
  let bytes = 0
  for (const file of files) {
    await cp(join(from, file), join(to, file))
    bytes += (await stat(join(to, file))).size
  }
  await writeLines(stdout, args.flag('json') ? [JSON.stringify({ folder: to, bytes, files }, undefined, 2)] : describe(to, files, bytes))
}

async function readModels(names: string | undefined, folder: string): Promise<string[]> {
  const known = await readdir(folder)
  const wanted = (names ?? DEFAULT_MODEL).split(',').map((name) => name.trim())
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

async function modelFiles(from: string, model: string, withWebGpu: boolean): Promise<string[]> {
  const names = (await readdir(join(from, MODELS, model), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
    .map((entry) => relative(from, join(entry.parentPath, entry.name)).split(sep).join('/'))
  const hasQ8 = names.some((name) => name.endsWith('model_quantized.onnx'))
  // Where there are both, the 4-bit weights are WebGPU's.
  return withWebGpu || !hasQ8 ? names : names.filter((name) => !name.endsWith('model_q4.onnx'))
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
