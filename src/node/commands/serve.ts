import { availableParallelism } from 'node:os'
import { IndexError, InvalidInputError, messageOf } from '../../errors.js'
import { BUNDLED_MODEL } from '../../model/location.js'
import type { ServeOptions } from '../../serve/serve.js'
import { LONG_DOCUMENTS, type LocalReranker } from '../../types.js'
import type { CreateRerankerOptions } from '../options.js'
import type { Arguments } from './arguments.js'
import { type Command, type CommandContext, commonOptions } from './command.js'
import { modelOptions, readModelOptions } from './model.js'
import { write } from './output.js'
import { Progress } from './progress.js'
import { rerankOptions } from './rerank-options.js'

const usage = '[MODEL] [options]'

/** Where the API key may stand instead of on the command line, which others on the machine can read. */
const KEY_VARIABLE = 'PAGE_RERANK_API_KEY'

const HOST = '127.0.0.1'
const PORT = 8080
const MAX_QUEUE = 100
const MAX_BODY = 8 * 2 ** 20
const MAX_DOCUMENTS = 1000
const TIMEOUT_SECONDS = 60
const GRACE_SECONDS = 30
const LONGEST_SECONDS = 86_400

// Of a server, --host is where it listens.
const { host: hubOption, ...ofModel } = modelOptions

export const serve: Command = {
  name: 'serve',
  usage,
  summary: 'Answer over HTTP, as text-embeddings-inference and Cohere do.',
  details:
    'POST /rerank takes {query, texts} and {query, documents} (also under /v1 and /v2); GET /health, /info and /metrics tell how it\n' +
    'is. A score is what it is in a page with the same model. Ctrl-C or SIGTERM: no new connections, everything that was asked is\n' +
    'answered, exit code 0; a second one ends it at once. With --json, a line on standard output says when it is ready.',
  options: {
    host: { value: 'HOST', help: `Address to listen on (default: ${HOST}, this machine only; 0.0.0.0: all)` },
    port: { value: 'N', help: `Port; 0: any free one (default: ${PORT})` },
    processes: { value: 'N', help: 'Processes that share the port, each with the model in memory (default: 1, which uses all cores)' },
    'max-queue': { value: 'N', help: `Requests of a process that may wait; more get 429 (default: ${MAX_QUEUE})` },
    'max-body': { value: 'BYTES', help: `Most bytes of a request (default: ${MAX_BODY})` },
    'max-documents': { value: 'N', help: `Most documents of a request (default: ${MAX_DOCUMENTS})` },
    timeout: { value: 'SECONDS', help: `Most seconds for a request, waiting included (default: ${TIMEOUT_SECONDS})` },
    grace: { value: 'SECONDS', help: `Seconds for what runs when the server stops (default: ${GRACE_SECONDS})` },
    'api-key': { value: 'KEY', help: `What clients send as Authorization: Bearer (default: ${KEY_VARIABLE}, else none)` },
    cors: { value: 'ORIGINS', help: 'Origins of pages that may ask, with commas between them, or * (default: none)' },
    index: { value: 'FILE', help: 'Index to load before the first request (late-interaction models)' },
    'states-bytes': { value: 'BYTES', help: 'Memory of a process for documents that were read (default: 134217728)' },
    'max-length': rerankOptions['max-length'],
    'long-documents': rerankOptions['long-documents'],
    'first-stage-weight': { value: 'W', help: 'What the order of the documents counts for, in logits (default: 0: the model alone)' },
    ...ofModel,
    hub: hubOption,
    ...commonOptions,
  },
  examples: ['serve', 'serve bge-reranker-v2-m3 --port 9000 --host 0.0.0.0', 'serve --processes 4 --cors https://example.com'],
  run,
}

async function run(args: Arguments, context: CommandContext): Promise<void> {
  args.atMost(1, `page-rerank serve ${usage}`)
  const options = readServeOptions(args, context.version)
  const model = readModel(args)
  const index = args.text('index')
  const progress = new Progress(context.stderr, args.flag('progress'))
  // The framework and the metrics are of no use to other commands.
  const { serve: start } = await import('../../serve/serve.js')
  await start(
    options,
    {
      load: (signal) => load(context, model, index, progress, signal).finally(() => progress.clear()),
      onReady: (url, reranker) => {
        const name = reranker?.info.model ?? model.model ?? BUNDLED_MODEL
        const line = args.flag('json') ? JSON.stringify({ url, model: name, pid: process.pid }) : undefined
        if (line) void write(context.stdout, `${line}\n`)
        else context.stderr.write(`page-rerank: ${name} answers at ${url}/rerank\n`)
      },
      log: (sentence, error) => {
        const cause = error === undefined ? '' : `: ${args.flag('debug') && error instanceof Error ? error.stack : messageOf(error)}`
        context.stderr.write(`page-rerank: ${sentence}${cause}\n`)
      },
    },
    context.signal,
  )
}

/** @throws InvalidInputError */
function readServeOptions(args: Arguments, version: string): ServeOptions {
  // A variable that is not set, mostly: `--host "$HOST"` must not mean all addresses.
  for (const option of Object.keys(serve.options)) {
    if (args.text(option)?.trim() !== '') continue
    throw new InvalidInputError('invalid-option', `--${option} is empty; give it a value, or leave it out.`, { option })
  }
  const host = args.text('host') ?? HOST
  if (host.includes('://')) {
    throw new InvalidInputError('invalid-option', `--host is ${host}; it is where the server listens, and the hub is --hub.`, {
      option: 'host',
    })
  }
  const apiKey = args.text('api-key') ?? (process.env[KEY_VARIABLE] || undefined)
  if (apiKey !== undefined && !/^[\w.~+/-]+=*$/.test(apiKey)) {
    const sentence = 'The API key has characters that no bearer token has; use letters, digits and - . _ ~ + /.'
    throw new InvalidInputError('invalid-option', sentence, { option: 'api-key' })
  }
  const cors = args.text('cors')?.split(',').map(readOrigin)
  return {
    host,
    port: args.number('port', { min: 0, max: 65_535, integer: true }) ?? PORT,
    processes: args.number('processes', { min: 1, max: 64, integer: true }) ?? 1,
    maxQueue: args.number('max-queue', { min: 0, integer: true }) ?? MAX_QUEUE,
    maxBody: args.count('max-body') ?? MAX_BODY,
    maxDocuments: args.count('max-documents') ?? MAX_DOCUMENTS,
    timeoutMs: Math.round((args.number('timeout', { min: 0.001, max: LONGEST_SECONDS }) ?? TIMEOUT_SECONDS) * 1000),
    graceMs: Math.round((args.number('grace', { min: 0, max: LONGEST_SECONDS }) ?? GRACE_SECONDS) * 1000),
    ...(apiKey !== undefined && { apiKey }),
    ...(cors && { cors }),
    ranking: {
      firstStageWeight: args.number('first-stage-weight', { min: 0 }) ?? 0,
      maxLength: args.count('max-length'),
      longDocuments: args.oneOf('long-documents', LONG_DOCUMENTS),
    },
    version,
  }
}

/** As a browser says it in `Origin`. */
function readOrigin(text: string): string {
  const origin = text.trim()
  if (origin === '*') return origin
  const known = URL.canParse(origin) ? new URL(origin).origin : 'null'
  if (known === origin) return origin
  const advice = known === 'null' ? 'it must be * or origins such as https://example.com' : `did you mean ${known}?`
  throw new InvalidInputError('invalid-option', `--cors names ${JSON.stringify(origin)}; ${advice}.`.replace('?.', '?'), { option: 'cors' })
}

/** @throws InvalidInputError */
function readModel(args: Arguments): CreateRerankerOptions {
  const [named] = args.positionals
  const { model = named, threads, ...given } = readModelOptions(args)
  if (named !== undefined && model !== named) {
    throw new InvalidInputError('invalid-option', `The model is ${named} and --model ${model}; name one.`, { option: 'model' })
  }
  const processes = args.count('processes') ?? 1
  const share = Math.max(1, Math.floor(availableParallelism() / processes))
  const maxBytes = args.count('states-bytes')
  return {
    ...given,
    model,
    host: args.text('hub'),
    threads: threads ?? (processes > 1 ? share : undefined),
    ...(maxBytes !== undefined && { states: { maxBytes } }),
  }
}

/** @throws as `createReranker` and `prepare` */
async function load(
  { createReranker, stderr }: CommandContext,
  options: CreateRerankerOptions,
  index: string | undefined,
  progress: Progress,
  signal: AbortSignal,
): Promise<LocalReranker> {
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  const reranker = await createReranker({ ...given, signal, onProgress: progress.onLoad })
  const { runtime, fallbacks } = reranker.info
  const why = runtime === 'ort-web' && fallbacks.find(({ device }) => device === 'cpu')?.reason
  if (why) stderr.write(`page-rerank: The model runs in WebAssembly, several times slower, on the thread that answers. ${why}.\n`)
  if (index === undefined) return reranker
  try {
    const { kind, model } = reranker.info
    if (kind !== 'late-interaction') {
      throw new InvalidInputError('invalid-option', `${model} is a cross-encoder, which uses no index; leave --index out.`, {
        option: 'index',
      })
    }
    await reranker.prepare({ index }, { signal })
  } catch (error) {
    // Its sentence says what happens then: documents are read as they are needed.
    if (error instanceof IndexError) stderr.write(`page-rerank: ${error.message}\n`)
    else {
      await reranker.dispose()
      throw error
    }
  }
  return reranker
}
