import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { HttpServer } from '../../../src/serve/http-server.js'

const ANSWER = 'x'.repeat(8_000_000)
const MOST_UNREAD = 20_000_000

const taken: Socket[] = []
let listener: Server
let http: HttpServer
beforeAll(async () => {
  http = new HttpServer(async () => new Response(ANSWER), 60_000, MOST_UNREAD)
  listener = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (socket) => {
    taken.push(socket)
    http.take(socket)
  }).listen(0, '127.0.0.1')
  await once(listener, 'listening')
})
afterAll(() => {
  http.close()
  listener.close()
})

/** A client that reads nothing until it is told to. */
async function ask(head: string): Promise<Socket> {
  const socket = connect((listener.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  socket.pause()
  socket.write(head)
  return socket
}

test('of answers that nobody reads, those that wait longest go where they are too much', async () => {
  const clients: Socket[] = []
  for (let i = 0; i < 8; i++) {
    clients.push(await ask('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    await vi.waitFor(() => expect(taken[i]?.bytesWritten).toBeGreaterThan(0))
  }
  const unread = taken.reduce((sum, { writableLength, destroyed }) => sum + (destroyed ? 0 : writableLength), 0)
  // The last one's is looked at when the next comes.
  expect(unread).toBeLessThan(MOST_UNREAD + ANSWER.length + 1000)
  expect(taken.map(({ destroyed }) => destroyed)).toEqual([...taken.map(({ destroyed }) => destroyed)].sort().reverse())
  expect([taken[0]?.destroyed, taken[7]?.destroyed]).toEqual([true, false])
  // Who reads now has all of it.
  let bytes = 0
  clients[7]?.on('data', (chunk) => {
    bytes += chunk.length
  })
  clients[7]?.resume()
  await vi.waitFor(() => expect(bytes).toBeGreaterThan(ANSWER.length), { timeout: 10_000 })
  for (const client of clients) client.destroy()
})

test.each([
  ['POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}', 400, 'Host has to be in the head of a request, once.'],
  ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 400, 'Host has to be in the head of a request, once.'],
  [
    'POST / HTTP/1.1\r\nHost: a\r\nExpect: a miracle\r\nContent-Length: 2\r\n\r\n',
    417,
    'Expect can be 100-continue here, and nothing else.',
  ],
])('%j is refused in a sentence', async (head, status, sentence) => {
  const answer = await text(await ask(head))
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*\r\nconnection: close\r\n`, 'i'))
  expect(answer).toContain(JSON.stringify({ error: sentence, error_type: 'Validation', message: sentence }))
})
