import { defaultMaxLength } from '../core/cross-encoder.js'
import type { LocalEngine } from '../core/engine.js'
import { ModelLoadError, SessionError } from '../errors.js'
import type { FileStore } from '../model/cache/file-store.js'
import { DEFAULT_TOLERANCE, type ModelManifest, namedWeights, weightFiles } from '../model/describe/manifest.js'
import { weightSize } from '../model/describe/weight-size.js'
import type { FileReader } from '../model/download/file-reader.js'
import { LoadedModel } from '../model/load-model.js'
import type { ModelLocation } from '../model/location.js'
import type { CostEstimate, DeviceChoice, Dtype, Fallback, LocalRerankerInfo, ModelOptions, ProgressEvent } from '../types.js'
import { type Candidate, type GpuProbe, planCandidates } from './candidates.js'
import { DeviceSession, type SpeedComparison } from './device-session.js'
import { createDocumentStore } from './document-store.js'
import type { FasterDeviceStore } from './faster-device-store.js'
import { chooseFitting, estimateCost, type MemoryLimits } from './fit.js'
import { createIndexSource } from './index-source.js'
import { openLateInteraction } from './late-interaction-model.js'
import { type OpenedKind, openCrossEncoder } from './model-kinds.js'
import type { OpenSession } from './open-session.js'

/** What differs between a page and Node. */
export interface Platform {
  reader: FileReader
  openSession: OpenSession
  /** The devices beside a GPU, best first. */
  cpus: readonly ('wasm' | 'cpu')[]
  /** Left out where there is no GPU to ask for. */
  probeGpu?: () => Promise<GpuProbe>
  /** What the machine offers, beside its GPU. */
  readLimits?: () => Promise<Omit<MemoryLimits, 'gpuBuffer'>>
  /** Remembers from visit to visit which device was faster. */
  fasterDevices?: FasterDeviceStore
  /** Where what is read may be kept from one visit to the next. */
  openStore?: () => Promise<FileStore | undefined>
  inWorker: boolean
}

export interface OpenEngineOptions extends Pick<ModelOptions, 'dtype' | 'modelFile' | 'states' | 'signal'> {
  device?: DeviceChoice
  location: ModelLocation
  onProgress?: (event: ProgressEvent) => void
  /** Called when the device changed under a running reranker. */
  onInfo?: (info: LocalRerankerInfo) => void
}

/**
 * From options to a working engine: model files, tokenizer, the device that proves itself.
 *
 * @throws ModelLoadError, SessionError, AbortError
 */
export async function openEngine(given: OpenEngineOptions, platform: Platform): Promise<LocalEngine> {
  const start = performance.now()
  // Ends with the engine, and with the caller's signal while it loads: one that fires later (a timeout) must not end what is
  // loaded anew when a device is lost.
  const life = new AbortController()
  const abort = () => life.abort(given.signal?.reason)
  given.signal?.throwIfAborted()
  given.signal?.addEventListener('abort', abort)
  try {
    return await open(given, platform, life, start)
  } finally {
    given.signal?.removeEventListener('abort', abort)
  }
}

async function open(given: OpenEngineOptions, platform: Platform, life: AbortController, start: number): Promise<LocalEngine> {
  const weights = namedWeights(given)
  const options = weights ? { ...given, dtype: weights.dtype } : given
  const { location, onProgress } = options
  const { signal } = life
  const [model, gpu] = await Promise.all([
    LoadedModel.open(location, { reader: platform.reader, weights, onProgress, signal }),
    options.device === 'wasm' ? undefined : platform.probeGpu?.(),
  ])
  const open = { model, gpu, options, platform, life, start }
  if (model.manifest.kind === 'late-interaction') return openKind(await openLateInteraction(model), open)
  return openKind(openCrossEncoder(model), open)
}

interface Opening {
  model: LoadedModel
  gpu: GpuProbe | undefined
  options: OpenEngineOptions
  platform: Platform
  life: AbortController
  /** `performance.now()` when loading began. */
  start: number
}

async function openKind<Output>(
  { canaries, output, isValid, createEngine }: OpenedKind<Output>,
  { model, gpu, options, platform, life, start }: Opening,
): Promise<LocalEngine> {
  const { onProgress } = options
  const { signal } = life
  const { manifest, tokenizer } = model
  const { candidates, fallbacks } = await planFitting(options, manifest, gpu, platform)
  const cost = estimate(manifest, candidates[0])
  if (cost) onProgress?.({ status: 'estimate', name: manifest.id, ...cost })
  const comparison = await prepareComparison(options, model, gpu, candidates, fallbacks, platform.fasterDevices)
  let weightsMs = 0
  const session = await DeviceSession.open({
    candidates,
    fallbacks,
    canaries,
    isValid,
    comparison,
    tolerance: ({ dtype }) => manifest.tolerance[dtype] ?? DEFAULT_TOLERANCE[dtype],
    signal,
    open: async (candidate, attempt) => {
      const readWeights = async () => {
        const before = model.downloadMs
        const found = await model.weights(candidate.dtype)
        weightsMs = model.downloadMs - before
        return found
      }
      const opened = await withIntactFiles(model, candidate.dtype, () =>
        platform.openSession({ ...candidate, attempt, weights: readWeights, tokens: tokenizer, output, location: model.location }),
      )
      if (!signal.aborted) return opened
      await opened.release().catch(() => undefined)
      throw signal.reason
    },
    onChange: () => options.onInfo?.(engine.info),
  })

  const { device, dtype } = session.active
  if (!signal.aborted) onProgress?.({ status: 'ready', task: 'text-ranking', model: manifest.id, device, dtype })
  // Perhaps by who was told of it.
  if (signal.aborted) {
    await session.release().catch(() => undefined)
    throw signal.reason
  }
  const total = performance.now() - start
  const info = (): LocalRerankerInfo => {
    const { device, dtype, session: opened, selfTest, sessionMs, selfTestMs } = session.active
    const adapter = device === 'webgpu' && gpu?.available ? gpu.adapter : undefined
    return {
      kind: manifest.kind,
      model: manifest.id,
      revision: manifest.revision,
      device,
      dtype,
      runtime: opened.runtime,
      threads: opened.threads,
      worker: platform.inWorker,
      ...(adapter && { adapter }),
      fallbacks: [...fallbacks],
      selfTest,
      ...(cost && { cost }),
      timings: { download: model.downloadMs, session: sessionMs - weightsMs, selfTest: selfTestMs, total },
      bytes: { ...model.bytes },
      maxLength: defaultMaxLength(manifest),
      maxPositions: manifest.maxPositions,
      activation: manifest.activation,
      firstStageWeight: manifest.firstStageWeight,
      languages: manifest.languages,
    }
  }
  const { openStore } = platform
  const engine = createEngine({
    session,
    info,
    life,
    indexes: createIndexSource({ model, reader: platform.reader, dtype: () => session.active.dtype }),
    documentStore: openStore && options.states?.keep ? createDocumentStore(openStore, model, () => session.active.dtype) : undefined,
    maxBytes: options.states?.maxBytes,
    onKept: () => options.onInfo?.(engine.info),
  })
  return engine
}

/** Open a session; a damaged file that the cache had is dropped, and fetched again, once. */
async function withIntactFiles<T>(model: LoadedModel, dtype: Dtype, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (damage) {
    if (!isInvalidFile(damage) || !(await model.evictWeights(dtype))) throw damage
    return await open().catch((error) => {
      // Nothing takes its place (`localFilesOnly`): what is wrong is the damage.
      throw error instanceof ModelLoadError && error.code === 'model-not-found' ? damage : error
    })
  }
}

function isInvalidFile(error: unknown): boolean {
  return error instanceof ModelLoadError && error.code === 'model-file-invalid'
}

/**
 * What to try, without what cannot work on this machine.
 *
 * @throws SessionError (`does-not-fit`) with the figures, where nothing is left
 */
async function planFitting(options: OpenEngineOptions, manifest: ModelManifest, gpu: GpuProbe | undefined, platform: Platform) {
  const { candidates, fallbacks } = planCandidates(options, manifest, gpu, platform.cpus)
  const limits = { ...(await platform.readLimits?.()), gpuBuffer: gpu?.available ? gpu.maxBuffer : undefined }
  const fit = chooseFitting(candidates, (dtype) => weightSize(manifest, dtype), limits)
  fallbacks.push(...fit.refused)
  if (fit.candidates.length > 0 || fit.refused.length === 0) return { candidates: fit.candidates, fallbacks }
  const reasons = fit.refused.map(({ device, reason }) => `${device}: ${reason}`).join('; ')
  throw new SessionError('does-not-fit', `${manifest.id} is too large to run here. ${reasons}. Choose a smaller model or dtype.`)
}

function estimate(manifest: ModelManifest, candidate: Candidate | undefined): CostEstimate | undefined {
  const { parameterCount } = manifest
  return candidate && parameterCount && estimateCost(candidate, parameterCount, weightSize(manifest, candidate.dtype))
}

/** Bytes of weights that may be fetched only to find out that the GPU is faster after all. */
const MAX_COMPARED_BYTES = 64 * 2 ** 20

/** Whether GPU and CPU are to be timed against each other; a remembered result is applied at once. */
async function prepareComparison(
  { device = 'auto', dtype = 'auto' }: OpenEngineOptions,
  { manifest }: LoadedModel,
  gpu: GpuProbe | undefined,
  candidates: Candidate[],
  fallbacks: Fallback[],
  fasterDevices: FasterDeviceStore | undefined,
): Promise<SpeedComparison | undefined> {
  const first = candidates[0]
  const other = candidates.find((one) => one.device !== 'webgpu')
  if (device !== 'auto' || dtype !== 'auto' || !fasterDevices || !gpu?.available || first?.device !== 'webgpu' || !other) return undefined
  const bytes = manifest.files[weightFiles(manifest, other.dtype).file]?.bytes ?? Number.POSITIVE_INFINITY
  if (bytes > MAX_COMPARED_BYTES) return undefined

  const key = [manifest.id, manifest.revision, gpu.adapter, first.dtype, other.dtype].join('|')
  const faster = await fasterDevices.read(key)
  if (faster === other.device) {
    candidates.splice(0, candidates.indexOf(other))
    fallbacks.push({ device: 'webgpu', dtype: first.dtype, code: 'slower', reason: `${other.device} was faster here when both were timed` })
  }
  return faster ? undefined : { other, remember: ({ device }) => fasterDevices.write(key, device) }
}
