import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { within } from '../../src/core/within.js'
import { askHub } from '../../src/model/download/hub-revision.js'
import type { HubLocation } from '../../src/model/location.js'

let silent: Server
let address: string
beforeAll(async () => {
  silent = createServer(() => undefined)
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  address = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
})
afterAll(() => {
  silent.closeAllConnections()
  silent.close()
})

/** Collect garbage, again and again. */
function collecting(): () => void {
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as () => void
  const timer = setInterval(gc, 50)
  return () => clearInterval(timer)
}

test('a server that never answers is given up in time, whatever garbage is collected', { timeout: 10_000 }, async () => {
  const stop = collecting()
  const location = { kind: 'hub', host: address, name: 'owner/name', revision: 'main' } as HubLocation
  const asks = Array.from({ length: 5 }, () =>
    askHub(location, (url, init) => fetch(url, init), { timeoutMs: 500, signal: new AbortController().signal }),
  )
  expect(await Promise.all(asks)).toEqual(asks.map(() => undefined))
  stop()
})

test('an abort ends it with its own reason; what is in time comes', async () => {
  const controller = new AbortController()
  const wait = (signal: AbortSignal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  const waiting = within(60_000, controller.signal, wait)
  const reason = new Error('own')
  controller.abort(reason)
  await expect(waiting).rejects.toBe(reason)
  await expect(within(1, undefined, wait)).rejects.toMatchObject({ name: 'AbortError' })
  expect(await within(60_000, new AbortController().signal, async () => 1)).toBe(1)
})
