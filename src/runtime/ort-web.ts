import type { InferenceSession } from 'onnxruntime-common'
import type { EncodedPair } from '../core/session.js'
import type { Device } from '../types.js'
import { createFailure, inMemory, onnxPolicy, runOnnx } from './onnx.js'
import { CandidateError, type OpenedSession, type OpenRequest } from './open-session.js'
import type { OrtBuild, OrtFiles } from './ort-files.js'

type Ort = typeof import('onnxruntime-web')

export interface OrtWebOptions {
  files: OrtFiles
  threads: number
  /** Reads a binary where `fetch` cannot (Node's file addresses). */
  readBinary?: (address: string) => Promise<Uint8Array>
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
export async function openOrtWeb({ device, dtype, tokens, weights, attempt }: OpenRequest, options: OrtWebOptions): Promise<OpenedSession> {
  const { file, model, externalData } = await weights()
  const { script, binary } = options.files[buildFor(device)]
  // A crashed instance cannot be started again; a fragment makes the browser evaluate the module anew.
  const ort = (await import(/* @vite-ignore */ /* webpackIgnore: true */ attempt === 0 ? script : `${script}#${attempt}`)) as Ort
  const threads = device === 'webgpu' ? 1 : options.threads
  if (options.readBinary) ort.env.wasm.wasmBinary = await options.readBinary(binary)
  else ort.env.wasm.wasmPaths = { wasm: binary }
  ort.env.wasm.numThreads = threads
  ort.env.logLevel = 'error'

  const session = await ort.InferenceSession.create(await model.bytes(), {
    executionProviders: [device],
    externalData: await inMemory(externalData),
    logSeverityLevel: 3,
  }).catch((cause: unknown) => {
    throw createFailure(cause, file)
  })
  const lost = device === 'webgpu' ? deviceLost(ort) : undefined
  return {
    runtime: 'ort-web',
    threads,
    policy: onnxPolicy(device, dtype, tokens),
    lost,
    run: (pairs: readonly EncodedPair[]) => runOnnx(session as InferenceSession, ort.Tensor, pairs, tokens),
    release: () => session.release(),
  }
}

function deviceLost(ort: Ort): AbortSignal {
  const loss = new AbortController()
  const lose = (why: string) => loss.abort(new CandidateError('device-lost', `the device was lost: ${why}`))
  const watch = async () => {
    const device = (await ort.env.webgpu.device) as unknown as GPUDevice
    const { reason, message } = await device.lost
    lose(message || reason)
  }
  watch().catch((error) => lose(String(error)))
  return loss.signal
}
