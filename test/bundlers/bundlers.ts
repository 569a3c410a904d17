// npm run bundlers [-- NAME …]: the packed library in an app of each bundler, built, served under a strict policy and opened in a
// browser. Needs a registry, a browser and some minutes. Prints the table of docs/bundlers.md; exits with 1 where something failed.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type App, apps, main, policies, shared } from './apps.js'
import { measure, measureExtension, measureOffline, type Outcome } from './measure.js'
import { run, startServer } from './processes.js'
import { type Site, serveSite, sizeOf } from './site.js'

const names = process.argv.slice(2)
const unknown = names.filter((name) => !apps.some((app) => app.name === name))
if (unknown.length > 0) throw new Error(`No such app: ${unknown.join(', ')}. There are: ${apps.map((app) => app.name).join(', ')}.`)
const chosen = names.length > 0 ? apps.filter((app) => names.includes(app.name)) : apps

const parent = realpathSync(mkdtempSync(join(tmpdir(), 'page-rerank-bundlers-')))
process.on('exit', () => rmSync(parent, { recursive: true, force: true, maxRetries: 3 }))

const [packed] = JSON.parse(await run(['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', parent], process.cwd()))
const tarball = join(parent, packed.filename)

const rows: string[] = []
for (const app of chosen) {
  const cdn = app.cdn ? await serveSite(await cdnFolder(), [], true) : undefined
  try {
    const outcome = await tryOut(app, cdn)
    rows.push(row(app, outcome))
    for (const text of [...(outcome.violations ?? []), ...(outcome.errors ?? [])]) console.error(`${app.name}: ${text}`)
    if (!outcome.works) throw new Error(`does not rerank in a worker: ${JSON.stringify(outcome.seen)}`)
    if (outcome.worksOffline === false) throw new Error('does not rerank without its host after a first visit')
  } catch (error) {
    process.exitCode = 1
    console.error(`${app.name}: ${error}`)
  } finally {
    cdn?.close()
  }
}
const header = ['Bundler', 'Mode', 'To configure', 'Policy', 'Worker', 'Offline', 'Violations', 'Console errors', 'Build', 'Fetched']
console.log([header.join(' | '), ':--|:--|:--|:--|:--|:--|--:|--:|--:|--:', ...rows].map((line) => `| ${line} |`).join('\n'))

/** The package as a CDN has it. */
async function cdnFolder(): Promise<string> {
  const folder = join(parent, 'cdn')
  if (!existsSync(folder)) {
    mkdirSync(folder)
    await run(['tar', '-xzf', tarball, '-C', folder], parent)
  }
  return join(folder, 'package')
}

/** Install, build and open one app. */
async function tryOut(app: App, cdn: Site | undefined): Promise<Outcome & { built?: number; fetched: number | undefined }> {
  const origin = cdn?.origin ?? ''
  const { packages = [], files, build = [], output = '.', serve, policy } = app
  const all = { 'package.json': '{ "name": "app", "private": true }\n', 'rerank.js': shared(), 'main.js': main, ...files }
  // Apps of the same packages share them.
  const folder = join(parent, packages.join('+').replaceAll(/[^\w@.+-]/g, '-') || 'none')
  const isInstalled = existsSync(folder)
  for (const name of isInstalled ? readdirSync(folder) : []) {
    if (name !== 'node_modules') rmSync(join(folder, name), { recursive: true, maxRetries: 10 })
  }
  for (const [path, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text.replaceAll('CDN', origin))
  }
  const quiet = ['--prefer-offline', '--no-audit', '--no-fund']
  // Node's own package brings its binary by a script; npm hands this project's settings on to what it runs.
  quiet.push(`--ignore-scripts=${!packages.some((name) => name.startsWith('node@'))}`)
  if (!isInstalled) await run(['npm', 'install', ...quiet, tarball, ...packages], folder)
  for (const command of build) await run(command, folder)
  if (serve) {
    const server = await startServer(serve, folder)
    try {
      const outcome = await measure(server.address)
      return { ...outcome, fetched: outcome.received }
    } finally {
      server.stop()
    }
  }
  const built = sizeOf(join(folder, output))
  const { browser } = app
  if (browser === 'extension') return { ...(await measureExtension(join(folder, output))), built, fetched: undefined }
  const directives = policies[policy].map((directive) => directive.replace('CDN', origin))
  const site = await serveSite(join(folder, output), directives)
  try {
    const hosts = [site, ...(cdn ? [cdn] : [])]
    const outcome = browser
      ? await measure(`${site.origin}/`, browser)
      : await measureOffline(`${site.origin}/`, {
          sent: () => hosts.reduce((sum, one) => sum + one.sent(), 0),
          close: () => hosts.forEach((one) => void one.close()),
        })
    return { ...outcome, violations: site.violations, built, fetched: browser ? site.sent() : outcome.received }
  } finally {
    site.close()
  }
}

function row(app: App, outcome: Awaited<ReturnType<typeof tryOut>>): string {
  const { title, packages = [], mode, policy, configured } = app
  const { seen, violations, errors, built, fetched } = outcome
  const offline = outcome.worksOffline === undefined ? '–' : outcome.worksOffline ? 'yes' : '**no**'
  const worker = seen.info ? (seen.info.worker ? 'yes' : '**no**') : '**fails**'
  const of = title ?? packages[0]?.replace(/^(.+)@/, '$1 ') ?? ''
  const counts = [violations?.length ?? '–', errors?.length ?? '–', megabytes(built), megabytes(fetched)]
  return [of, mode, configured, policy, worker, offline, ...counts].join(' | ')
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '–' : `${(bytes / 1e6).toFixed(1)} MB`
}
