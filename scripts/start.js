// @ts-check
// npm start [-- --port N] [-- --host H]: install, build and serve the demo. All that has to be there is Node.
import { createServer } from 'node:net'
import { parseArgs } from 'node:util'
import { checkNode, installIfNeeded, npm, root } from './install.js'

checkNode()
const { port, host } = readOptions()
if (!(await installIfNeeded())) fail('The dependencies could not be installed (npm ci); the reason is above.')
// Always built: it takes seconds, and never shows yesterday's page.
if (!(await npm('run', '--silent', 'build:lib')) || !(await npm('run', '--silent', 'build:demo')))
  fail('The build failed; the reason is above.')

const { preview } = await import('vite')
const free = await freePort(port, host)
if (free !== port) console.log(`Port ${port} is taken; using ${free}.`)
const server = await preview({ root, logLevel: 'warn', preview: { port: free, host, strictPort: true } })
console.log(`\nThe demo of page-rerank is at ${server.resolvedUrls?.local[0]} (Ctrl-C stops it)`)
for (const address of server.resolvedUrls?.network ?? []) console.log(`On the network: ${address}`)

/** `--port` or `PORT`, `--host` or the loopback address, under both of its names. */
function readOptions() {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' }, host: { type: 'string' } } })
    const given = values.port ?? process.env.PORT ?? '4173'
    const port = Number(given)
    if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`The port must be a number from 1 to 65535, not "${given}".`)
    return { port, host: values.host ?? '127.0.0.1' }
  } catch (error) {
    return fail(`${/** @type {Error} */ (error).message}\nUsage: npm start -- [--port N] [--host H]`)
  }
}

/**
 * The port, or the next one that is free.
 *
 * @param {number} port
 * @param {string} host
 * @returns {Promise<number>}
 */
async function freePort(port, host) {
  for (let one = port; one <= 65535; one++) {
    const free = await new Promise((resolve) => {
      const probe = createServer()
      probe.once('error', (/** @type {NodeJS.ErrnoException} */ { code }) => resolve(code !== 'EADDRINUSE' && code !== 'EACCES'))
      probe.listen(one, host, () => probe.close(() => resolve(true)))
    })
    if (free) return one
  }
  return fail(`No port from ${port} up is free.`)
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message)
  process.exit(1)
}
