// npm run bench:serve [-- --seconds 20] [--connections 10,100] [--documents 20] [--corpus all] [--processes N] [--threads N] [--model M]:
// starts `page-rerank serve`, has autocannon ask it, and says what came of it: requests a second, CPU time, p50, p99, and the memory of its
// processes as time goes by. Then it is told to stop under load (SIGTERM), and what was sent and never answered is counted.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { questions } from '../scripts/example-questions.js'
import { extractWebApis } from '../src/demo/corpus/web-apis.js'
import { rerankText } from '../src/demo/document-entry.js'
import { describeMachine } from './machine.js'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    connections: { type: 'string', default: '10,100' },
    /** Documents of a request. */
    documents: { type: 'string', default: '20' },
    /** Different documents that are ranked in all: a late-interaction model reads each once, if there is room. */
    corpus: { type: 'string', default: '2000' },
    processes: { type: 'string', default: '1' },
    threads: { type: 'string' },
    model: { type: 'string', default: 'page-rerank-small-en' },
  },
})
const seconds = Number(values.seconds)
const perRequest = Number(values.documents)

const queries = questions.map(([question]) => question)
const entries = extractWebApis(readFileSync('node_modules/@types/web/index.d.ts', 'utf8'))
const most = values.corpus === 'all' ? entries.length : Number(values.corpus)
// A step that shares no factor with the number of entries visits each of them once.
const corpus = Array.from({ length: most }, (_, i) => rerankText(entries[(i * 1009) % entries.length] as (typeof entries)[number]))
const bodies = Array.from({ length: Math.max(200, Math.ceil(corpus.length / perRequest)) }, (_, i) =>
  JSON.stringify({
    query: queries[i % queries.length],
    documents: Array.from({ length: perRequest }, (_, j) => corpus[(i * perRequest + j) % corpus.length]),
  }),
)

console.log(describeMachine())
console.log(`${values.model}, ${values.processes} processes, ${perRequest} documents a request out of ${corpus.length}\n`)
console.log(
  '| connections | seconds | answers | a second | CPU ms each | p50 ms | p99 ms | other answers | errors | RSS MB, every few seconds |',
)
console.log('|--:|--:|--:|--:|--:|--:|--:|--:|--:|---|')
for (const connections of values.connections.split(',').map(Number)) {
  const { server, url } = await start()
  const memory: number[] = []
  const watching = setInterval(() => memory.push(memoryOf(server)), Math.max(1000, (seconds * 1000) / 8))
  const before = await cpuSeconds(url)
  let clients = 0
  const result = await autocannon({
    url: `${url}/rerank`,
    method: 'POST',
    connections,
    duration: seconds,
    timeout: 120,
    headers: { 'content-type': 'application/json' },
    setupClient(client) {
      // Each connection has its own part of the requests first: all the same would be read for one of them and found by the others.
      const start = Math.floor((clients++ * bodies.length) / connections) % bodies.length
      client.setRequests([...bodies.slice(start), ...bodies.slice(0, start)].map((body) => ({ body })))
    },
  })
  clearInterval(watching)
  const cpu = (await cpuSeconds(url)) - before
  const { latency, errors, non2xx } = result
  const cells = [
    connections,
    seconds,
    result['2xx'],
    (result['2xx'] / result.duration).toFixed(1),
    ((cpu * 1000) / result['2xx']).toFixed(0),
    latency.p50,
    latency.p99,
    non2xx,
    errors,
    memory.map((bytes) => (bytes / 1e6).toFixed(0)).join(' '),
  ]
  console.log(`| ${cells.join(' | ')} |`)
  await stop(server)
}

for (const keepAlive of [true, false]) {
  const { server, url } = await start()
  const counts = { answered: 0, refused: 0, lost: 0, other: 0 }
  let stopped = false
  const agent = new Agent({ keepAlive })
  const ask = async (i: number) => {
    for (let n = i; ; n += 16) {
      const outcome = await post(`${url}/rerank`, bodies[n % bodies.length] as string, agent)
      counts[outcome]++
      if (outcome === 'refused' || (stopped && outcome === 'lost')) return
    }
  }
  const asking = Array.from({ length: 16 }, (_, i) => ask(i))
  await new Promise((resolve) => setTimeout(resolve, 3000))
  const ended = once(server, 'exit')
  const before = counts.answered
  const start_ = performance.now()
  server.kill('SIGTERM')
  stopped = true
  await Promise.all(asking)
  const [code] = await ended
  agent.destroy()
  const connections = keepAlive ? 'connections kept' : 'a connection a request'
  console.log(
    `\nSIGTERM under load, 16 at once, ${connections}: exit code ${code} after ${(performance.now() - start_).toFixed(0)} ms; ` +
      `${counts.answered - before} answered after it, ${counts.other} refused with a status, ${counts.lost} lost.`,
  )
}

async function start(): Promise<{ server: ChildProcess; url: string }> {
  const argv = ['dist/cli.js', 'serve', values.model, '--port', '0', '--json', '--processes', values.processes]
  if (values.threads) argv.push('--threads', values.threads)
  const server = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(server.stdout, 'data')
  const { url } = JSON.parse(String(line))
  // The others load their model after the first one did.
  while ((await numberOf(url, 'page_rerank_ready_processes')) < Number(values.processes)) {
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  return { server, url }
}

async function numberOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? 0)
}

/** Of all its processes: beside other work on the machine it says more than the time does. */
function cpuSeconds(url: string): Promise<number> {
  return numberOf(url, 'process_cpu_seconds_total')
}

async function stop(server: ChildProcess): Promise<void> {
  const ended = once(server, 'exit')
  server.kill('SIGTERM')
  const [code] = await ended
  if (code !== 0) console.log(`The server ended with ${code}.`)
}

/** Bytes that the server and its processes have in memory (Linux). */
function memoryOf(server: ChildProcess): number {
  const pages = (pid: number) => Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1])
  const isChild = (pid: string) => {
    try {
      return new RegExp(`^PPid:\\t${server.pid}$`, 'm').test(readFileSync(`/proc/${pid}/status`, 'utf8'))
    } catch {
      return false
    }
  }
  const all = [
    server.pid as number,
    ...readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && isChild(name))
      .map(Number),
  ]
  return all.reduce((sum, pid) => sum + pages(pid) * 4096, 0)
}

/** `refused`: there was no connection. `lost`: there was one, and no answer came. `other`: an answer that is no order. */
function post(url: string, body: string, agent: Agent): Promise<'answered' | 'refused' | 'lost' | 'other'> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      response.on('error', () => resolve('lost'))
      response.on('end', () => resolve(response.statusCode === 200 ? 'answered' : 'other'))
      response.resume()
    })
    call.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'lost'))
    call.end(body)
  })
}
