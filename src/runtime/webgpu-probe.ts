import type { GpuProbe } from './candidates.js'

/** Ask for an adapter, without loading anything. */
export async function probeWebGpu(): Promise<GpuProbe> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu
  if (!gpu) return { available: false, code: 'unavailable', reason: 'this browser has no WebGPU' }
  try {
    const adapter = await gpu.requestAdapter()
    if (!adapter) return { available: false, code: 'no-adapter', reason: 'WebGPU found no adapter it can use' }
    const { vendor, architecture, description } = adapter.info
    return {
      available: true,
      adapter: description || [vendor, architecture].filter(Boolean).join(' ') || 'unnamed adapter',
      shaderF16: adapter.features.has('shader-f16'),
      software: adapter.info.isFallbackAdapter,
      maxBuffer: Math.min(adapter.limits.maxBufferSize, adapter.limits.maxStorageBufferBindingSize),
    }
  } catch (cause) {
    return { available: false, code: 'no-adapter', reason: `asking for a WebGPU adapter failed: ${(cause as Error).message}` }
  }
}
