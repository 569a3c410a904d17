import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { download } from '../../src/model/download/download.js'
import { MemoryPartialFile } from '../../src/model/download/memory-partial-file.js'
import { TestHub } from '../support/hub.js'

const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) & 255)

// Only the tests let time go by: a busy machine may be silent too.
beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => vi.useRealTimers())

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

test('a connection that falls silent is given up, and the next one goes on', async () => {
  const hub = await TestHub.start([{ id: 'owner/one', files: { file: bytes } }])
  hub.fail('file', { stall: 0.5 })
  const partial = new MemoryPartialFile()
  const downloading = download(`${hub.host}/owner/one/resolve/main/file`, partial, { file: 'file' })
  await until(() => partial.length === 150_000)
  await vi.advanceTimersByTimeAsync(29_000)
  expect(hub.statusesOf('file')).toEqual([200])
  // The rest of the 30 seconds, and the pause before the next attempt.
  await vi.advanceTimersByTimeAsync(2000)
  expect(await downloading).toBe(true)
  await hub.close()
  expect(Buffer.from(partial.bytes).equals(Buffer.from(bytes))).toBe(true)
  expect(hub.statusesOf('file')).toEqual([200, 206])
})

test('one that stays silent is a failure that says so', async () => {
  const hub = await TestHub.start([{ id: 'owner/one', files: { file: bytes } }])
  hub.fail('file', { stall: 0 }, 4)
  const failing = download(`${hub.host}/owner/one/resolve/main/file`, new MemoryPartialFile(), { file: 'file' }).catch((error) => error)
  for (let attempt = 1; attempt <= 4; attempt++) {
    await until(() => hub.statusesOf('file').length === attempt)
    await vi.advanceTimersByTimeAsync(35_000)
  }
  expect(await failing).toMatchObject({ code: 'download-failed', message: expect.stringContaining('no byte came for 30 seconds') })
  expect((await failing).message).toMatch(/name a mirror as host .*HF_ENDPOINT.* a folder that "page-rerank pull" wrote: .* starts with \//)
  await hub.close()
})

test('of what is no hub’s, a mirror is no advice', async () => {
  const fetch = () => Promise.resolve(new Response('', { status: 410 }))
  const failing = download('https://page.example/models/mine/config.json', new MemoryPartialFile(), { file: 'config.json', fetch })
  await expect(failing).rejects.toThrow(/the server answered 410\. Check the connection and the address, then try again\.$/)
})

test('an HTML page is told with its address: a single-page app answers any with it', async () => {
  const fetch = () => Promise.resolve(new Response('<!doctype html><title>My app</title>'))
  const failing = download('https://page.example/models/mien/config.json?sig=1', new MemoryPartialFile(), { file: 'config.json', fetch })
  await expect(failing).rejects.toThrow('config.json is an HTML page at https://page.example/models/mien/config.json. Check that')
})
