import type { ModelManifest } from '../model/describe/manifest.js'
import type { Device, DeviceChoice, Dtype, Fallback } from '../types.js'

/** One thing to try. */
export interface Candidate {
  device: Device
  dtype: Dtype
}

/** What is known of the GPU before anything is loaded. */
export type GpuProbe =
  | {
      available: true
      adapter: string
      shaderF16: boolean
      /** Runs on the CPU. */
      software: boolean
      /** Largest buffer it can bind, in bytes; undefined where it does not tell. */
      maxBuffer?: number
    }
  | { available: false; code: 'unavailable' | 'no-adapter'; reason: string }

/** Quantizes activations at run time: slow and wrong on WebGPU, and one scale a tensor, so batchmates would share it. */
export function isDynamicInt8(dtype: Dtype): boolean {
  return dtype === 'q8' || dtype === 'int8' || dtype === 'uint8'
}

/** Dtypes tried where neither caller nor manifest names one, best first. */
const PREFERRED: Record<Device, Dtype[]> = {
  webgpu: ['fp16', 'fp32', 'q4f16', 'q4'],
  wasm: ['q8', 'int8', 'uint8', 'fp32'],
  cpu: ['q8', 'int8', 'uint8', 'fp32'],
}

/**
 * What to try, in order, and what is given up before it is tried.
 *
 * @param cpus the devices that always work, best first: `wasm` in a page, `cpu` and `wasm` in Node
 */
export function planCandidates(
  { device = 'auto', dtype = 'auto' }: { device?: DeviceChoice; dtype?: 'auto' | Dtype },
  manifest: ModelManifest,
  gpu: GpuProbe | undefined,
  cpus: readonly ('wasm' | 'cpu')[],
): { candidates: Candidate[]; fallbacks: Fallback[] } {
  const candidates: Candidate[] = []
  const fallbacks: Fallback[] = []

  if (gpu && device !== 'wasm') {
    if (!gpu.available) fallbacks.push({ device: 'webgpu', code: gpu.code, reason: gpu.reason })
    else if (gpu.software && device === 'auto') {
      fallbacks.push({ device: 'webgpu', code: 'slower', reason: `${gpu.adapter} computes on the CPU, where WASM is faster` })
    } else {
      for (const one of dtypesFor('webgpu', dtype, manifest)) {
        const refusal = refuseOnGpu(one, gpu.shaderF16)
        if (refusal) {
          if (dtype !== 'auto') fallbacks.push({ device: 'webgpu', dtype: one, code: 'unsupported-dtype', reason: refusal })
        } else candidates.push({ device: 'webgpu', dtype: one })
      }
    }
  }
  for (const cpu of cpus) {
    for (const one of dtypesFor(cpu, dtype, manifest)) candidates.push({ device: cpu, dtype: one })
  }
  return { candidates, fallbacks }
}

function dtypesFor(device: Device, dtype: 'auto' | Dtype, manifest: ModelManifest): Dtype[] {
  if (dtype !== 'auto') return [dtype]
  const { recommended, dtypes, complete } = manifest
  const first = recommended[device]
  const order = [...new Set([...(first ? [first] : []), ...PREFERRED[device]])]
  return complete ? order.filter((one) => dtypes[one]) : order
}

function refuseOnGpu(dtype: Dtype, shaderF16: boolean): string | undefined {
  if (isDynamicInt8(dtype)) return `${dtype} quantizes activations, which WebGPU kernels compute wrongly`
  if ((dtype === 'fp16' || dtype === 'q4f16') && !shaderF16) return `${dtype} needs shader-f16, which this GPU does not offer`
  return undefined
}
