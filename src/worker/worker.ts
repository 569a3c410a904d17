import type { ConnectMessage } from '../protocol.js'
import { serveReranker } from './api.js'
import { openWebEngine } from './open-web-engine.js'

addEventListener('message', ({ data }: MessageEvent<ConnectMessage | undefined>) => {
  const port = data?.['page-rerank']
  if (port) serveReranker(port, openWebEngine)
})
