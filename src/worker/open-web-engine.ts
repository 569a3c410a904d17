import type { LocalEngine } from '../core/engine.js'
import { InvalidInputError } from '../errors.js'
import { createWebFileReader } from '../model/cache/web-file-reader.js'
import { WebStore } from '../model/cache/web-store.js'
import type { EngineOptions } from '../protocol.js'
import { webFasterDevices } from '../runtime/faster-device-store.js'
import { type OpenEngineOptions, openEngine } from '../runtime/open-engine.js'
import type { OpenSession } from '../runtime/open-session.js'
import { openOrtWeb, usableThreads } from '../runtime/ort-web.js'
import { openTransformers } from '../runtime/transformers.js'
import { readWebLimits } from '../runtime/web-limits.js'
import { probeWebGpu } from '../runtime/webgpu-probe.js'

/** The engine of a page, in whichever of its threads this runs. */
export function openWebEngine(
  options: EngineOptions,
  hooks: Pick<OpenEngineOptions, 'onProgress' | 'onInfo' | 'signal'>,
): Promise<LocalEngine> {
  return openEngine(
    { ...options, ...hooks },
    {
      reader: createWebFileReader(options),
      openSession: chooseRuntime(options),
      cpus: ['wasm'],
      probeGpu: probeWebGpu,
      readLimits: readWebLimits,
      fasterDevices: options.cache === false ? undefined : webFasterDevices,
      openStore: options.cache === false ? undefined : () => WebStore.open(),
      inWorker: typeof document === 'undefined',
    },
  )
}

function chooseRuntime({ runtime = 'auto', ort, threads, transformersUrl }: EngineOptions): OpenSession {
  switch (runtime) {
    case 'auto':
    case 'ort-web':
      return (request) => openOrtWeb(request, { files: ort, threads: usableThreads(threads) })
    case 'transformers': {
      if (transformersUrl)
        return (request) =>
          openTransformers(request, () => import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ transformersUrl))
      throw new InvalidInputError(
        'invalid-option',
        'runtime "transformers" needs transformersUrl in a page: the address of transformers.min.js.',
        {
          option: 'transformersUrl',
        },
      )
    }
  }
}
