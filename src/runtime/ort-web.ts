import type { InferenceSession } from 'onnxruntime-common'
import { withoutQuery } from '../core/without-query.js'
import { ModelLoadError, messageOf } from '../errors.js'
import type { Device } from '../types.js'
import { arriving, fetchBytes, Stalled } from './arriving.js'
import { createFailure, inMemory, onnxPolicy, runOnnx } from './onnx.js'
import { CandidateError, type OpenedSession, type OpenRequest } from './open-session.js'
import type { OrtBuild, OrtFiles } from './ort-files.js'
import { unpacked } from './unpacked.js'

type Ort = typeof import('onnxruntime-web')

type ReadBinary = (address: string) => Promise<Uint8Array<ArrayBuffer>>

export interface OrtWebOptions {
  files: OrtFiles
  threads: number
  /** Reads a binary where `fetch` cannot (Node's file addresses). */
  readBinary?: ReadBinary
}

/** The smallest build that serves: WebGPU needs stack switching, natively (JSPI) or compiled in (asyncify, slower and larger). */
function buildFor(device: Device): OrtBuild {
  if (device !== 'webgpu') return 'wasm'
  return 'Suspending' in WebAssembly ? 'jspi' : 'asyncify'
}

/** Threads that can really be had: without cross-origin isolation there is no shared memory. */
export function usableThreads(wanted: number | undefined): number {
  if (!globalThis.crossOriginIsolated) return 1
  const cores = globalThis.navigator?.hardwareConcurrency ?? 1
  return Math.max(1, wanted ?? Math.min(4, cores - 1))
}

/** Open a model on WebGPU or WASM with onnxruntime-web. */
export async function openOrtWeb<Output>(
  { device, dtype, tokens, output, weights, attempt }: OpenRequest<Output>,
  options: OrtWebOptions,
): Promise<OpenedSession<Output>> {
  const build = buildFor(device)
  const files = options.files[build]
  if (!files) throw new CandidateError('unavailable', 'page-rerank/no-webgpu has no WebGPU; page-rerank has it', { everyDtype: true })
  const { script, binary } = files
  // Before the weights: where this fails they need not be fetched.
  const ort = await importOrt(script, attempt)
  const threads = device === 'webgpu' ? 1 : options.threads
  // ONNX Runtime compiles what it fetches while it arrives, but cannot unpack it.
  const read = options.readBinary ?? (/\.gz$/.test(withoutQuery(binary)) ? fetchBytes : undefined)
  if (read) ort.env.wasm.wasmBinary = await readOrtBinary(binary, read)
  else ort.env.wasm.wasmPaths = { wasm: binary }
  ort.env.wasm.numThreads = threads
  ort.env.logLevel = 'error'

  const { file, model, externalData } = await weights()
  const creating = ort.InferenceSession.create(await model.bytes(), {
    executionProviders: [device],
    externalData: await inMemory(externalData),
    logSeverityLevel: 3,
  })
  const session = await (read ? creating : arriving(creating, binary)).catch(async (cause: unknown) => {
    throw isFetchFailure(cause) ? await runtimeFailure(binary, cause) : createFailure(cause, file)
  })
  const lost = device === 'webgpu' ? deviceLost(ort) : undefined
  return {
    runtime: 'ort-web',
    threads,
    policy: onnxPolicy(device, dtype, tokens),
    lost,
    run: (inputs) => runOnnx(session as InferenceSession, ort.Tensor, inputs, tokens, output),
    release: () => session.release(),
  }
}

/** A crashed instance cannot be started again; a fragment makes the browser evaluate the module anew. */
async function importOrt(script: string, attempt: number): Promise<Ort> {
  try {
    const address = attempt === 0 ? script : `${script}#${attempt}`
    return await arriving(import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ address), script)
  } catch (cause) {
    throw await runtimeFailure(script, cause)
  }
}

async function readOrtBinary(binary: string, read: ReadBinary): Promise<Uint8Array> {
  try {
    return await unpacked(await read(binary))
  } catch (cause) {
    throw await runtimeFailure(binary, cause)
  }
}

/** Whether ONNX Runtime failed to fetch its binary. */
function isFetchFailure(cause: unknown): boolean {
  return cause instanceof Stalled || (cause instanceof Error && /fetch|network|load failed/i.test(cause.message))
}

/**
 * Why a file of ONNX Runtime's own did not load; neither `import` nor the runtime tells. One that is not there is missing for
 * this device alone, since others have their own; one that the network does not give fails the load.
 */
async function runtimeFailure(address: string, cause: unknown): Promise<Error> {
  const why = messageOf(cause)
  const isRemote = address.startsWith('http')
  const status =
    cause instanceof Stalled
      ? undefined
      : isRemote
        ? await fetch(address, { method: 'HEAD' })
            // Servers of single-page apps answer with a page where there is nothing.
            .then(({ status, headers }) => (headers.get('content-type')?.includes('text/html') && status < 400 ? 404 : status))
            .catch(() => undefined)
        : 404
  if (status === 404 || status === 410) {
    const advice = 'run "npx page-rerank copy DIR", serve DIR, and pass its address as assetsPath; or mend wasmPaths'
    return new CandidateError('unavailable', `${address} is missing (${advice}): ${why}`, { cause, everyDtype: true })
  }
  if (status === undefined || status >= 500) {
    return new ModelLoadError(
      'download-failed',
      `ONNX Runtime could not be fetched from ${address}: ${why}. Check the connection, then try again.`,
      { cause, file: address, status },
    )
  }
  return new CandidateError('session-failed', `ONNX Runtime could not be started from ${address}: ${why}`, { cause, everyDtype: true })
}

function deviceLost(ort: Ort): AbortSignal {
  const loss = new AbortController()
  const lose = (why: string) => loss.abort(new CandidateError('device-lost', `the device was lost: ${why}`))
  const watch = async () => {
    const device = (await ort.env.webgpu.device) as unknown as GPUDevice
    const { reason, message } = await device.lost
    lose(message || reason)
  }
  watch().catch((error) => lose(messageOf(error)))
  return loss.signal
}
