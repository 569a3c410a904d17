import { expect, test } from 'vitest'
import { download } from '../../src/model/download/download.js'
import { MemoryPartialFile } from '../../src/model/download/memory-partial-file.js'
import { TestHub } from '../support/hub.js'

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) & 255)

test('a connection that falls silent is given up, and the next one goes on', async () => {
  const hub = await TestHub.start([{ id: 'owner/one', files: { file: bytes } }])
  hub.fail('file', { stall: 0.5 })
  const partial = new MemoryPartialFile()
  const found = await download(`${hub.host}/owner/one/resolve/main/file`, partial, { file: 'file', stallMs: 300 })
  await hub.close()
  expect(found).toBe(true)
  expect(Buffer.from(partial.bytes).equals(Buffer.from(bytes))).toBe(true)
  expect(hub.statusesOf('file')).toEqual([200, 206])
})

test('one that stays silent is a failure that says so', async () => {
  const hub = await TestHub.start([{ id: 'owner/one', files: { file: bytes } }])
  hub.fail('file', { stall: 0 }, 4)
  const failing = download(`${hub.host}/owner/one/resolve/main/file`, new MemoryPartialFile(), { file: 'file', stallMs: 100 })
  await expect(failing).rejects.toMatchObject({ code: 'download-failed', message: expect.stringContaining('no byte came for 0.1 seconds') })
  await hub.close()
})
