import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { filesOf, TestHub } from '../support/hub.js'

/** What `npm run test:hub` says when it cannot run, and that it can fail. */
async function run(host: string) {
  const folder = await mkdtemp(join(tmpdir(), 'page-rerank-'))
  const child = spawn(process.execPath, ['scripts/test-hub.js'], { env: { ...process.env, HF_ENDPOINT: host, XDG_CACHE_HOME: folder } })
  const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  await rm(folder, { recursive: true })
  return { code, lines: stdout.trimEnd().split('\n') }
}

test('a hub that cannot be reached: skipped, not passed', async () => {
  // Nothing listens on the port for discarding.
  const { code, lines } = await run('http://127.0.0.1:9')
  expect(lines[0]).toMatch(/^http:\/\/127\.0\.0\.1:9 cannot be reached \(.+\), so nothing was tested\.$/)
  expect({ code, last: lines.at(-1) }).toEqual({ code: 0, last: '0 passed, 0 failed, 3 skipped' })
})

test('another model under the name: failed', async () => {
  const hub = await TestHub.start([{ id: 'onnx-community/bge-reranker-v2-m3-ONNX', files: filesOf('test/reference/xlm-roberta') }])
  const { code, lines } = await run(hub.host)
  await hub.close()
  expect({ code, last: lines.at(-1) }).toEqual({ code: 1, last: '0 passed, 3 failed' })
})
