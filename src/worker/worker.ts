import { InvalidInputError } from '../errors.js'
import type { ConnectMessage } from '../protocol.js'
import { VERSION } from '../version.js'
import { serveReranker } from './api.js'
import { openWebEngine } from './open-web-engine.js'

addEventListener('message', ({ data }: MessageEvent<ConnectMessage | undefined>) => {
  const port = data?.['page-rerank']
  if (port) serveReranker(port, openEngine)
})

const openEngine: typeof openWebEngine = async (options, hooks) => {
  if (options.version === VERSION) return openWebEngine(options, hooks)
  // No `WorkerError`: that would be a worker that failed, and the page would do without.
  throw new InvalidInputError(
    'invalid-option',
    `The worker is of page-rerank ${VERSION} and the page’s script of ${options.version}. Run "npx page-rerank copy DIR" again after an update, and clear what caches have of the old files.`,
    { option: 'worker' },
  )
}
