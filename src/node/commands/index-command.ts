import { stat } from 'node:fs/promises'
import { InvalidInputError } from '../../errors.js'
import { LONG_DOCUMENTS } from '../../types.js'
import type { BuiltIndex } from '../build-index.js'
import { checkOutput, isSameFile, type OutputKind, replaceFile } from '../output-file.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions, either } from './command.js'
import { openInput } from './input.js'
import { modelOptions, readModelOptions } from './model.js'
import { formatSize, write, writeLines } from './output.js'
import { Progress } from './progress.js'
import { type Documents, inputFormats, readDocuments } from './read-documents.js'

const usage = 'FILE|DIR|- --out FILE [options]'

export const indexCommand: Command = {
  name: 'index',
  usage,
  summary: 'Read documents at build time, so that a page need not.',
  details:
    'Writes one file with what a late-interaction model has read, for prepare({ index }) in a page. Documents are those of FILE as\n' +
    'rerank reads them, or the pages in DIR: HTML (its main part), Markdown, text, and the documents in files of JSON. The page has\n' +
    'to rank the same texts, to the letter; --documents writes them down for it. Run it again after a change, and only the texts\n' +
    'that are new are read.',
  options: {
    out: { value: 'FILE', help: 'Index to write' },
    documents: { value: 'FILE', help: 'Write the documents too, as a JSON array of objects whose "text" is what was read' },
    field: {
      value: 'PATH',
      help: 'Text of a JSON object: a dotted path, or several with commas (default: title and text, content or body)',
    },
    'input-format': { value: 'HOW', help: 'text or json (default: what the input is named or begins like)' },
    'max-length': { value: 'N', help: "Tokens that are read of a text or passage (default: the model's)" },
    'long-documents': { value: 'HOW', help: `${either(LONG_DOCUMENTS)}, as the page does (default: truncate)` },
    ...modelOptions,
    ...commonOptions,
  },
  examples: [
    'index articles.jsonl --field title,body --out public/docs.index',
    'index docs/ --out public/docs.index --documents public/docs.json --long-documents chunk',
  ],
  run,
}

async function run(args: Arguments, { buildIndex, stdin, stdout, stderr, signal }: CommandContext): Promise<void> {
  const [input] = args.positionals
  args.atMost(1, `page-rerank index ${usage}`)
  const out = args.text('out')
  if (out === undefined) {
    throw new InvalidInputError('invalid-option', `--out is missing; the usage is: page-rerank index ${usage}.`, { option: 'out' })
  }
  const copy = args.text('documents')
  await refuseSameFile({ 'The input': input === undefined || input === '-' ? STDIN : input, '--out': out, '--documents': copy })
  if (copy !== undefined) await checkOutput(copy, COPY)
  const given = {
    ...readModelOptions(args),
    maxLength: args.count('max-length'),
    longDocuments: args.oneOf('long-documents', LONG_DOCUMENTS),
  }
  const format = { field: args.text('field'), format: args.oneOf('input-format', inputFormats) }
  const isFolder = input !== undefined && input !== '-' && (await stat(input).catch(() => undefined))?.isDirectory()
  const { documents, texts } = isFolder
    ? await (await import('./read-folder.js')).readFolder(input, { ...format, outputs: copy === undefined ? [out] : [out, copy], signal })
    : await readDocuments(openInput(input, stdin, signal), format)
  if (texts.length === 0) throw new InvalidInputError('invalid-input', `There are no documents in ${input ?? 'standard input'}.`)

  const progress = new Progress(stderr, args.flag('progress'))
  const options = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const built = await buildIndex(texts, { ...options, out, onProgress: progress.onLoad, onRead: progress.onRead, signal }).finally(() =>
    progress.clear(),
  )
  if (copy !== undefined) await writeDocuments(copy, { documents, texts })
  if (args.flag('json')) return writeLines(stdout, [JSON.stringify(built, undefined, 2)])
  return write(stdout, `${describe(built)}\n`)
}

/** What `--documents` writes. */
const COPY: OutputKind = {
  option: 'documents',
  name: 'JSON array',
  isOurs: (start) => /^\s*\[/.test(new TextDecoder().decode(start)),
}

async function writeDocuments(path: string, { documents, texts }: Documents): Promise<void> {
  const copies = documents.map((document, i) => ({ ...(typeof document === 'object' && document), text: texts[i] }))
  await replaceFile(path, JSON.stringify(copies), COPY.option)
}

/** A file may have been redirected to it. */
const STDIN = '/dev/stdin'

/** What is read is not overwritten, nor one output by the other. */
async function refuseSameFile(files: Record<string, string | undefined>): Promise<void> {
  const named = Object.entries(files).filter((file): file is [string, string] => file[1] !== undefined)
  for (const [i, [name, path]] of named.entries()) {
    for (const [other, before] of named.slice(0, i)) {
      if (!(await isSameFile(path, before))) continue
      throw new InvalidInputError('invalid-option', `${other} and ${name} are one file, ${path}. Name another file.`, {
        option: name.slice(2),
      })
    }
  }
}

function describe({ out, documents, tokens, bytes, read, model, revision, dtype }: BuiltIndex): string {
  const each = tokens > 0 ? `, ${(bytes / tokens).toFixed(1)} bytes a token` : ''
  return `${out}: ${documents} documents, ${tokens} tokens, ${formatSize(bytes)}${each}; ${read} read now. For ${model}, revision ${revision}, ${dtype}.`
}
