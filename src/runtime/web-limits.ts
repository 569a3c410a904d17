import type { MemoryLimits } from './fit.js'

/** From here on `deviceMemory` may mean "or more". */
const TOLD_UP_TO_GIB = 8

/** What a browser tells of its machine: Chromium both, Firefox the storage, Safari neither. */
export async function readWebLimits(): Promise<Omit<MemoryLimits, 'gpuBuffer'>> {
  const { deviceMemory, storage } = navigator as Navigator & { deviceMemory?: number }
  const { quota } = (await storage?.estimate?.().catch(() => undefined)) ?? {}
  return {
    memory: deviceMemory !== undefined && deviceMemory < TOLD_UP_TO_GIB ? deviceMemory * 2 ** 30 : undefined,
    storage: quota,
  }
}
