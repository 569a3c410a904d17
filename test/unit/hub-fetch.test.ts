import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test, vi } from 'vitest'
import { download } from '../../src/model/download/download.js'
import { MemoryPartialFile } from '../../src/model/download/memory-partial-file.js'
import { createHubFetch } from '../../src/node/hub-fetch.js'
import { TestHub } from '../support/hub.js'

/** Where redirects may lead; the network is a table of them. */
const HOST = 'https://hub.example'
let asked: [url: string, authorization: string | undefined][] = []

function network(redirects: Record<string, string>): void {
  asked = []
  vi.stubGlobal('fetch', async (url: string, { headers }: { headers: Record<string, string> }) => {
    asked.push([url, headers.authorization])
    const location = redirects[url]
    return location === undefined ? new Response('bytes') : new Response(null, { status: 302, headers: { location } })
  })
}
afterEach(() => {
  vi.unstubAllGlobals()
})

test.each([
  ['another site', 'https://cdn.example/x'],
  ['a place on the same site', '/elsewhere'],
])('to %s: followed, and the token stays with the hub', async (_, location) => {
  network({ [`${HOST}/x`]: location })
  await createHubFetch(HOST, 'hf_secret')(`${HOST}/x`, {})
  const there = new URL(location, HOST).href
  expect(asked).toEqual([
    [`${HOST}/x`, 'Bearer hf_secret'],
    [there, there.startsWith(`${HOST}/`) ? 'Bearer hf_secret' : undefined],
  ])
})

test.each([
  'file:///etc/passwd',
  'data:text/plain,x',
  'http://hub.example/x',
  'https://127.0.0.1/x',
  'https://2130706433/x',
  'https://169.254.169.254/latest/meta-data/',
  'https://10.1.2.3/x',
  'https://192.168.0.1/logout',
  'https://[::1]/x',
  'https://[::ffff:127.0.0.1]/x',
  'https://[fd00::1]/x',
  'https://localhost:8080/x',
  'https://router.local/x',
  'https://',
])('to %s: not followed', async (location) => {
  network({ [`${HOST}/x`]: location })
  await expect(createHubFetch(HOST, undefined)(`${HOST}/x`, {})).rejects.toMatchObject({ name: 'ModelLoadError', code: 'download-failed' })
  expect(asked).toHaveLength(1)
})

test('names that only look like such addresses, and a hub on this machine itself', async () => {
  network({
    [`${HOST}/x`]: 'https://10.example/y',
    'https://10.example/y': 'https://fd.example/z',
    'http://127.0.0.1/a': 'http://127.0.0.1:81/b',
  })
  await createHubFetch(HOST, undefined)(`${HOST}/x`, {})
  await createHubFetch(HOST, undefined)('http://127.0.0.1/a', {})
  expect(asked.map(([url]) => url)).toEqual([
    `${HOST}/x`,
    'https://10.example/y',
    'https://fd.example/z',
    'http://127.0.0.1/a',
    'http://127.0.0.1:81/b',
  ])
})

test('a body whose Response nobody holds any more is read all the same, when garbage is collected before its first byte', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * i) & 255)
  const hub = await TestHub.start([{ id: 'owner/one', files: { file: bytes } }])
  const partial = new MemoryPartialFile()
  // Making room takes a while on a busy disk.
  vi.spyOn(partial, 'restart').mockImplementation(async (...args) => {
    for (let i = 0; i < 5; i++) {
      await new Promise((resolve) => setTimeout(resolve))
      collectGarbage()
    }
    await MemoryPartialFile.prototype.restart.apply(partial, args)
  })
  const fetch = createHubFetch(hub.host, undefined)
  await download(`${hub.host}/owner/one/resolve/main/file`, partial, { file: 'file', fetch })
  await hub.close()
  expect(hub.statusesOf('file')).toEqual([200])
  expect(Buffer.from(partial.bytes).equals(Buffer.from(bytes))).toBe(true)
})
