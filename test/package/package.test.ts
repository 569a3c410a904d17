import { copyFileSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gzipSize, libraryFiles, MAX_LIBRARY_GZIP } from '../../scripts/size.js'
import type { LocalRerankerInfo } from '../../src/types.js'
import { launchBrowser } from '../support/browser.js'
import { serve, type TestServer } from '../support/server.js'
import { execute, InstalledApp, output, root, VITE } from './installed-app.js'

let app: InstalledApp
let browser: Browser

beforeAll(async () => {
  ;[app, browser] = await Promise.all([InstalledApp.create(), launchBrowser()])
  // Packs 100 MB and installs from a registry.
}, 300_000)

afterAll(async () => {
  await browser?.close()
  app?.remove()
})

describe('the tarball', () => {
  test('holds what is needed', () => {
    const needed = ['README.md', 'LICENSE', 'package.json', 'dist/index.js', 'dist/worker.js', 'dist/node.js', 'dist/cli.js']
    const more = ['dist/THIRD-PARTY-NOTICES.txt', 'dist/types/index.d.ts', 'dist/types/node/index.d.ts']
    expect([...needed, ...more].filter((path) => !app.files.has(path))).toEqual([])
    expect([...app.files.keys()].filter((path) => path.startsWith('dist/ort/'))).toHaveLength(6)
    expectModelIn(app.files, 'page-rerank-small-en', 'models/page-rerank-small-en/')
  })

  test.each(['page-rerank-tiny-en', 'page-rerank-small-zh'])('of %s holds the model and its entry', async (name) => {
    const files = app.filesOf(name)
    expectModelIn(files, name, '')
    const others = [...files.keys()].filter((file) => !/^(README\.md|LICENSE|[\w.-]+\.(json|bin)|onnx\/.+)$/.test(file))
    expect(others.sort()).toEqual(['index.d.ts', 'index.js'])
    const { messages } = await publint({ pkgDir: join(app.folder, 'node_modules', name), pack: false, strict: true })
    expect(messages).toEqual([])
  })

  function expectModelIn(files: Map<string, number>, model: string, folder: string): void {
    expect([...files.keys()]).toContain(`${folder}page-rerank.json`)
    const manifest = JSON.parse(readFileSync(join(root, 'models', model, 'page-rerank.json'), 'utf8'))
    for (const [file, { bytes }] of Object.entries<{ bytes: number }>(manifest.files)) expect(files.get(folder + file), file).toBe(bytes)
  }

  test('holds nothing else', () => {
    const words =
      /README(\.zh-CN)?\.md|LICENSE|(CHANGELOG|CONTRIBUTING|SECURITY)\.md|docs\/([\w-]+\.md|images\/(demo\.png|speed\.svg))|examples\/([\w-]+\.(js|d\.ts)|(serve|qdrant|engines)\/[\w.]+|vespa\/([\w.]+|schemas\/point\.sd))|training\/README\.md/
    const expected = new RegExp(`^(${words.source}|package\\.json|dist/.+|models/page-rerank-small-en/.+)$`)
    expect([...app.files.keys()].filter((path) => !expected.test(path) || path.endsWith('.map'))).toEqual([])
  })

  test('holds no file that is too large for hosts with a limit of 25 MiB', () => {
    expect([...app.files].filter(([, bytes]) => bytes > 25 * 2 ** 20)).toEqual([])
  })

  test('no link of its pages leads out of it', () => {
    const pages = [...app.files.keys()].filter((path) => path.endsWith('.md'))
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'README.zh-CN.md', 'docs/index-file.md', 'CHANGELOG.md', 'SECURITY.md']))
    const dead = pages.flatMap((page) => {
      const links = [...readFileSync(join(root, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)[^)]*\)/g)]
      const targets = links.map(([, target]) => new URL(target as string, `file:///${page}`).pathname.slice(1))
      return targets
        .filter((target) => ![...app.files.keys()].some((path) => `${path}/`.startsWith(`${target}/`)))
        .map((target) => `${page}: ${target}`)
    })
    expect(dead).toEqual([])
  })

  test('has no binary inlined into its scripts', () => {
    const scripts = [...app.files].filter(([path]) => /^dist\/[^/]+\.js$/.test(path))
    expect(scripts.length).toBeGreaterThan(4)
    // The largest is the server with its framework; the smallest binary has 4 MB.
    expect(scripts.filter(([, bytes]) => bytes >= 400_000)).toEqual([])
  })

  test('is small: the library without ONNX Runtime', () => {
    const files = libraryFiles()
    // The worker carries the tokenizer; without it this would measure nothing.
    expect(files).toEqual(expect.arrayContaining(['dist/index.js', 'dist/worker.js']))
    expect(gzipSize(files)).toBeGreaterThan(10_000)
    expect(gzipSize(files)).toBeLessThanOrEqual(MAX_LIBRARY_GZIP)
  })

  test('names the licences of what is bundled', () => {
    const notices = readFileSync(join(app.folder, 'node_modules/page-rerank/dist/THIRD-PARTY-NOTICES.txt'), 'utf8')
    for (const name of ['comlink', '@huggingface/tokenizers', 'minisearch', 'onnxruntime-web'])
      expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'))
  })

  test('brings no other package', () => {
    const installed = readdirSync(join(app.folder, 'node_modules')).filter((name) => !name.startsWith('.'))
    expect(installed).toContain('page-rerank')
    // The app's own Vite brings dependencies of its own; none of them is one of ours.
    const { dependencies, optionalDependencies } = JSON.parse(
      readFileSync(join(app.folder, 'node_modules/page-rerank/package.json'), 'utf8'),
    )
    expect({ dependencies, optionalDependencies }).toEqual({})
    expect(installed.filter((name) => /minisearch|comlink|huggingface|onnxruntime/.test(name))).toEqual([])
  })

  test('only the eval command loads evaluation, only serve the server', () => {
    const scripts = [...app.files.keys()].filter((path) => /^dist\/[^/]+\.js$/.test(path))
    const text = (path: string) => readFileSync(join(root, path), 'utf8')
    // MiniSearch's own messages name it, minified or not.
    expect(scripts.filter((path) => text(path).includes('MiniSearch:'))).toEqual(['dist/node-run-eval.js'])
    expect(scripts.filter((path) => /["'`]\.\/node-run-eval\.js["'`]/.test(text(path)))).toEqual(['dist/cli.js'])
    expect(text('dist/cli.js').match(/.*node-run-eval\.js.*/g)).toEqual([expect.stringContaining('await import(')])
    expect(scripts.filter((path) => /["'`]\.\/node-serve\.js["'`]/.test(text(path)))).toEqual(['dist/cli.js'])
    expect(text('dist/cli.js').match(/.*node-serve\.js.*/g)).toEqual([expect.stringContaining('await import(')])
  })

  test('is clean under publint', async () => {
    const { messages } = await publint({ pkgDir: join(app.folder, 'node_modules/page-rerank'), pack: false, strict: true })
    expect(messages).toEqual([])
  })

  test('is clean under Are The Types Wrong', async () => {
    const attw = join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js')
    const { code, stdout } = await execute(process.execPath, [attw, app.tarball, '--profile', 'esm-only', '--no-color', '--no-emoji'])
    expect(code, stdout).toBe(0)
    expect(stdout).toContain('page-rerank/node')
  })
})

describe('in a Vite app without a configuration', () => {
  test('the dev server', async () => {
    const { info } = await expectPageToRerank(await app.startVite())
    // Vite's dev server sends no isolation headers, so there is no shared memory to thread on.
    expect(info.threads).toBe(1)
  })

  test('the build', async () => {
    await output(process.execPath, [...VITE, 'build', '--logLevel', 'warn'], { cwd: app.folder })
    const server = await serve({ folders: { '/': join(app.folder, 'dist') } })
    try {
      const { info } = await expectPageToRerank(`${server.origin}/index.html?threads=2`)
      expect(info.threads).toBe(2)
    } finally {
      await server.close()
    }
  })

  test('carries the Chinese model only where it is imported', async () => {
    const build = (...args: string[]) => output(process.execPath, [...VITE, 'build', ...args, '--logLevel', 'warn'], { cwd: app.folder })
    await build()
    await build('zh', '--outDir', join(app.folder, 'dist-zh'))
    const { dtypes } = JSON.parse(readFileSync(join(root, 'models/page-rerank-small-zh/page-rerank.json'), 'utf8'))
    const weights = Object.values<{ file: string }>(dtypes).map(({ file }) => app.filesOf('page-rerank-small-zh').get(file))
    const sizes = (folder: string) =>
      readdirSync(join(app.folder, folder, 'assets')).map((file) => statSync(join(app.folder, folder, 'assets', file)).size)
    expect(sizes('dist').filter((size) => weights.includes(size))).toEqual([])
    expect(sizes('dist-zh').filter((size) => weights.includes(size))).toHaveLength(weights.length)

    const outcomeOf = async (folder: string, query = '') => {
      const server = await serve({ folders: { '/': join(app.folder, folder) } })
      const page = await browser.newPage()
      try {
        await page.goto(`${server.origin}/index.html${query}`)
        return await (await page.waitForFunction(() => Reflect.get(globalThis, 'outcome'))).jsonValue()
      } finally {
        await page.close()
        await server.close()
      }
    }
    expect(await outcomeOf('dist-zh')).toMatchObject({
      info: { model: 'page-rerank-small-zh', kind: 'late-interaction', worker: true, selfTest: { result: 'passed' } },
      first: '水微微沸腾后把鸡蛋放进去，煮七分钟。',
    })
    // By its name alone a bundler does not see it: the error says what to import.
    expect((await outcomeOf('dist', '?model=page-rerank-small-zh')).error).toContain(
      "npm install page-rerank-small-zh, import { smallZh } from 'page-rerank-small-zh'",
    )
  })
})

describe('a build carries what its entry has, and no more', () => {
  /** @returns files of the build by their names without hashes, and their bytes */
  async function build(code: string): Promise<{ names: string[]; bytes: number }> {
    const folder = join(app.folder, 'entry')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'main.js'), code)
    writeFileSync(join(folder, 'index.html'), '<!doctype html><title>entry</title><script type="module" src="main.js"></script>')
    await output(
      process.execPath,
      [...VITE, 'build', 'entry', '--outDir', join(app.folder, 'dist-entry'), '--emptyOutDir', '--logLevel', 'warn'],
      {
        cwd: app.folder,
      },
    )
    const files = readdirSync(join(app.folder, 'dist-entry/assets'))
    const bytes = files.reduce((sum, file) => sum + statSync(join(app.folder, 'dist-entry/assets', file)).size, 0)
    return { names: files.map((file) => file.replace(/-[\w-]{8}(?=\.\w+$)/, '')), bytes }
  }

  test('page-rerank/no-webgpu: nothing that only WebGPU needs', async () => {
    const { names, bytes } = await build("import { createReranker } from 'page-rerank/no-webgpu'; createReranker()")
    expect(names.filter((name) => /jspi|asyncify|webgpu|q4/.test(name))).toEqual([])
    expect(names.filter((name) => /\.(onnx|wasm)$/.test(name)).sort()).toEqual(['model_quantized.onnx', 'ort-wasm-simd-threaded.wasm'])
    expect(bytes).toBeLessThan(42e6)
  })

  test('page-rerank/no-model: no model but the one that is brought', async () => {
    const brought = "import { tinyEn } from 'page-rerank-tiny-en'; createReranker({ model: tinyEn })"
    const { names } = await build(`import { createReranker } from 'page-rerank/no-model'; ${brought}`)
    expect(names.filter((name) => name.endsWith('.onnx'))).toEqual(['model_q4.onnx'])
    expect(names.filter((name) => name.endsWith('.gz'))).toHaveLength(2)
  })

  test('page-rerank/search: nothing but itself', async () => {
    const { bytes } = await build("import { createSearch } from 'page-rerank/search'; globalThis.search = createSearch")
    expect(bytes).toBeLessThan(10_000)
  })
})

describe('in an esbuild app, whose build copies nothing', () => {
  let site: TestServer
  beforeAll(async () => {
    const esbuild = join(app.folder, 'node_modules/esbuild/bin/esbuild')
    const to = join(app.folder, 'dist-esbuild')
    await output(esbuild, ['main.js', '--bundle', '--format=esm', `--outfile=${join(to, 'main.js')}`], { cwd: app.folder })
    await output('npx', ['--no', '--', 'page-rerank', 'copy', join(to, 'page-rerank'), '--no-webgpu'], { cwd: app.folder })
    copyFileSync(join(app.folder, 'index.html'), join(to, 'index.html'))
    site = await serve({ folders: { '/': to } })
  })
  afterAll(() => site?.close())

  test('page-rerank copy and assetsPath are all it takes', async () => {
    await expectPageToRerank(`${site.origin}/index.html?assetsPath=/page-rerank/`)
  })

  test('without them the error names what is missing, and the line that mends it', async () => {
    const page = await browser.newPage()
    await page.goto(`${site.origin}/index.html`)
    const outcome = await (await page.waitForFunction(() => Reflect.get(globalThis, 'outcome'))).jsonValue()
    await page.close()
    expect(outcome.error).toMatch(/http.*models\/page-rerank-small-en\/.*npx page-rerank copy DIR.*assetsPath/)
  })
})

/** In the worker that the package brings, with the bundled model, all of it from the page's own origin. */
async function expectPageToRerank(address: string): Promise<{ info: LocalRerankerInfo }> {
  const page = await browser.newPage()
  const errors: string[] = []
  const origins = new Set<string>()
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()))
  page.on('request', (request) => request.url().startsWith('http') && origins.add(new URL(request.url()).origin))
  try {
    await page.goto(address)
    const handle = await page.waitForFunction(() => Reflect.get(globalThis, 'outcome'))
    const outcome = await handle.jsonValue()
    expect(outcome).toMatchObject({ sameObjects: true, info: { worker: true, model: 'page-rerank-small-en', runtime: 'ort-web' } })
    expect(outcome.titles[0]).toBe('Eggs')
    expect(outcome.info.fallbacks.filter(({ device }: { device: string }) => device === 'worker')).toEqual([])
    expect(outcome.info.selfTest.result).toBe('passed')
    expect(errors).toEqual([])
    expect([...origins]).toEqual([new URL(address).origin])
    return outcome
  } finally {
    await page.close()
  }
}

describe('in Node', () => {
  test("without onnxruntime-node: the package's own WASM", async () => {
    await expectToRerank({ runtime: 'ort-web', device: 'wasm' }, ['unavailable'])
  })

  test('the command that the package installs', async () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const npx = (args: string[], input?: string) => output('npx', ['--no', '--', 'page-rerank', ...args], { cwd: app.folder, input })
    expect((await npx(['--version'])).trim()).toContain(version)
    const documents = 'The ferry leaves every forty minutes.\nLower the eggs into simmering water for seven minutes.\n'
    // Threads that WASM cannot have are no hindrance.
    const lines = (await npx(['rerank', 'how do I boil an egg', '-', '--json', '--threads', '2'], documents)).trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).index)).toEqual([1, 0])
    // With its own first stage, whose index is in the package.
    const collection = { 'corpus.jsonl': '', 'queries.jsonl': '{"_id":"q","text":"eggs in simmering water"}\n', 'qrels.tsv': 'q\td1\t1\n' }
    for (const [id, text] of documents.trim().split('\n').entries()) collection['corpus.jsonl'] += `{"_id":"d${id}","text":"${text}"}\n`
    for (const [file, content] of Object.entries(collection)) writeFileSync(join(app.folder, file), content)
    const { firstStage, mean } = JSON.parse(await npx(['eval', '.', '--json']))
    expect({ firstStage, pairs: mean.pairs, ndcg10: mean.reranked.ndcg10 }).toEqual({ firstStage: 'bm25', pairs: 1, ndcg10: 1 })
  })

  test.each([
    ["Node's entry", []],
    ["the page's entry", ['--conditions=browser']],
  ])('importing it, as a server does, does nothing: %s', async (_, conditions) => {
    const { code, stdout, stderr } = await app.node(...conditions, 'import-only.js')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { names, touched, before, after } = JSON.parse(stdout)
    expect(names).toContain('createReranker')
    expect(touched).toEqual([])
    expect(after.filter((resource: string) => !before.includes(resource))).toEqual([])
  })

  // Last: from here on the app has it.
  test('with onnxruntime-node: its native provider', async () => {
    symlinkSync(join(root, 'node_modules/onnxruntime-node'), join(app.folder, 'node_modules/onnxruntime-node'), 'junction')
    await expectToRerank({ runtime: 'ort-node', device: 'cpu' })
  })

  async function expectToRerank(expected: Partial<LocalRerankerInfo>, fallbacks: string[] = []): Promise<void> {
    const { code, stdout, stderr } = await app.node('node.js')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const outcome = JSON.parse(stdout)
    expect(outcome).toMatchObject({ sameEntry: true, ...expected, fallbacks: fallbacks.map((code) => ({ code })) })
    expect(outcome.titles[0]).toBe('Eggs')
  }
})

describe('types', () => {
  const strict = ['--strict', '--noEmit', '--skipLibCheck', 'false', '--exactOptionalPropertyTypes', '--target', 'ES2023']

  test.each([
    ['bundler', 'ESNext', []],
    // TypeScript takes the condition `node` there by itself, whatever the code is for.
    ['nodenext', 'NodeNext', ['--customConditions', 'browser']],
  ])("of a page: the caller's own type comes back, a wrong option is an error: %s", async (moduleResolution, module, conditions) => {
    const resolution = ['--module', module, '--moduleResolution', moduleResolution, ...conditions]
    await expectToCompile('--lib', 'ES2023,DOM,DOM.Iterable', '--types', '', ...resolution, 'types.ts')
  })

  test('of Node: without the types of pages, by either name', async () => {
    const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules/@types')]
    await expectToCompile('--lib', 'ES2023', ...types, '--module', 'NodeNext', '--moduleResolution', 'nodenext', 'node-types.ts')
  })

  async function expectToCompile(...options: string[]): Promise<void> {
    const { code, stdout } = await app.node(join(root, 'node_modules/typescript/bin/tsc'), ...strict, ...options)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  }
})
