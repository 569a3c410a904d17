import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { arriving, fetchBytes, Stalled } from '../../src/runtime/arriving.js'

/** With a second where it is half a minute. */
let server: Server
let origin: string
const asked = new Map<string, number>()

beforeAll(async () => {
  server = createServer(({ url = '' }, response) => {
    asked.set(url, (asked.get(url) ?? 0) + 1)
    response.setHeader('content-length', 8)
    response.write('half')
    if (url.startsWith('/never') || (url.startsWith('/second') && asked.get(url) === 1)) return
    response.end('half')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** As ONNX Runtime does: nothing of it can be seen, and nothing ends it. */
const load = async (address: string) => (await fetch(address)).text()

describe.concurrent('a file that something else fetches', () => {
  test('stops, and a second one too', async () => {
    await expect(arriving(load(`${origin}/never`), `${origin}/never`, 1)).rejects.toThrow('no byte came for 1 seconds')
  })

  test('stops, where a second one comes', async () => {
    const error = await arriving(load(`${origin}/second`), `${origin}/second`, 1).catch((error) => error)
    expect(error).toBeInstanceOf(Stalled)
    expect(error.message).toContain('a second one came')
  })

  test('comes, however long what is done with it takes', async () => {
    const work = load(`${origin}/slow`).then((text) => new Promise((resolve) => setTimeout(resolve, 3500, text)))
    expect(await arriving(work, `${origin}/slow`, 1)).toBe('halfhalf')
    expect(asked.get('/slow')).toBe(1)
  })

  test('is not fetched again where it came before', async () => {
    expect(await arriving(load(`${origin}/again`), `${origin}/again`, 1)).toBe('halfhalf')
    const later = new Promise((resolve) => setTimeout(resolve, 2500, 'later'))
    expect(await arriving(later, `${origin}/again`, 1)).toBe('later')
    expect(asked.get('/again')).toBe(1)
  })
})

test('bytes as a whole, or why they do not come', async () => {
  expect(new TextDecoder().decode(await fetchBytes(`${origin}/whole`, 1))).toBe('halfhalf')
  await expect(fetchBytes(`${origin}/never-whole`, 1)).rejects.toThrow(Stalled)
})
