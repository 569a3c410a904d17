import { execFileSync } from 'node:child_process'
import { cp, link, lstat, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { type BuildIndexOptions, buildIndex, createReranker } from 'page-rerank/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Runtime } from '../../src/types.js'
import { run } from './run.js'

const MODEL = 'test/reference/late-bert'
const TEXTS = Array.from({ length: 40 }, (_, i) => `Entry ${i}: the ${['cat', 'dog', 'horse', 'screen'][i % 4]} sleeps in box ${i * 7}.`)
const QUERY = 'which horse sleeps in box 98'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'page-rerank-index-'))
})
afterAll(() => rm(folder, { recursive: true }))

const build = (texts: readonly string[], options: Partial<BuildIndexOptions<string>> & { out: string }) =>
  buildIndex(texts, { model: MODEL, ...options })

describe('buildIndex', () => {
  test('what it read once it takes over: only new texts are read', async () => {
    const out = join(folder, 'deep/er/docs.index')
    const read: number[] = []
    const first = await build([...TEXTS, TEXTS[0] as string], { out, onRead: ({ scored, total }) => read.push(scored, total) })
    expect(first).toMatchObject({ out, documents: 40, read: 40, model: 'late-bert', dtype: 'fp32' })
    expect(read.slice(-2)).toEqual([40, 40])
    const bytes = await readFile(out)
    expect(first.bytes).toBe(bytes.length)
    expect(await build(TEXTS, { out })).toEqual({ ...first, read: 0 })
    expect(await readFile(out)).toEqual(bytes)

    const changed = TEXTS.with(3, 'Something else').slice(0, 30)
    expect(await build(changed, { out })).toMatchObject({ documents: 30, read: 1 })
    const anew = join(folder, 'anew.index')
    await build(changed, { out: anew })
    expect(await readFile(out)).toEqual(await readFile(anew))
    // Nothing else is left there.
    expect(await readdir(join(folder, 'deep/er'))).toEqual(['docs.index'])
  })

  test('of a file that was made in another way, or is damaged, nothing is taken over', async () => {
    const out = join(folder, 'other.index')
    const texts = TEXTS.slice(0, 5)
    await build(texts, { out })
    expect(await build(texts, { out, maxLength: 16 })).toMatchObject({ read: 5 })
    expect(await build(texts, { out, longDocuments: 'chunk' })).toMatchObject({ read: 5 })
    const bytes = await readFile(out)
    await writeFile(out, bytes.fill(0, bytes.length - 3))
    expect(await build(texts, { out, longDocuments: 'chunk' })).toMatchObject({ read: 5 })
    // One that was only begun, by whatever makes files by name.
    await writeFile(out, '')
    expect(await build(texts, { out, longDocuments: 'chunk' })).toMatchObject({ read: 5 })
    expect(await build(texts, { out, longDocuments: 'chunk' })).toMatchObject({ read: 0 })
  })

  test('a file that is no index is left alone, a link leads to what is written', async () => {
    const notes = join(folder, 'notes.md')
    await writeFile(notes, '# Mine')
    await expect(build(TEXTS, { out: notes })).rejects.toMatchObject({
      code: 'invalid-option',
      option: 'out',
      message: `Cannot write ${notes}: there is a file of that name that is no index. Name another file.`,
    })
    expect(await readFile(notes, 'utf8')).toBe('# Mine')
    await expect(build(TEXTS, { out: folder })).rejects.toMatchObject({ option: 'out', message: expect.stringMatching(/it is a folder/) })

    const target = join(folder, 'target.index')
    const name = join(folder, 'name.index')
    await symlink('target.index', name)
    for (const read of [1, 0]) {
      expect(await build(TEXTS.slice(0, 1), { out: name })).toMatchObject({ read })
      expect((await lstat(name)).isSymbolicLink()).toBe(true)
      expect((await lstat(target)).isFile()).toBe(true)
    }
  })

  test.skipIf(process.platform === 'win32')('what is no plain file is refused at once', async () => {
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    for (const out of [pipe, '/dev/full']) {
      await expect(build(TEXTS, { out })).rejects.toMatchObject({ option: 'out', message: expect.stringMatching(/it is no plain file/) })
    }
  })

  test('several at once write one whole file, and leave nothing else', async () => {
    const out = join(folder, 'race/docs.index')
    const built = await Promise.all([1, 2, 3].map((n) => build(TEXTS.slice(0, n), { out })))
    expect(built.map(({ documents }) => documents)).toEqual([1, 2, 3])
    expect(await readdir(join(folder, 'race'))).toEqual(['docs.index'])
    expect(built.map(({ bytes }) => bytes)).toContain((await readFile(out)).length)
    expect(await build(TEXTS.slice(0, 3), { out })).toMatchObject({ documents: 3 })
  })

  test('an abort, and an error of onRead, leave the file as it was', async () => {
    const out = join(folder, 'stopped.index')
    await build(TEXTS.slice(0, 2), { out })
    const before = await readFile(out)
    const controller = new AbortController()
    await expect(build(TEXTS, { out, signal: controller.signal, onRead: () => controller.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
    const error = new Error('of the caller')
    const onRead = () => {
      throw error
    }
    await expect(build(TEXTS, { out, onRead })).rejects.toBe(error)
    expect(await readFile(out)).toEqual(before)
  })

  test('an abort is heard between the model’s opening and the first text', async () => {
    const controller = new AbortController()
    const onProgress: BuildIndexOptions<string>['onProgress'] = ({ status }) => {
      // When everything is done that waits for nothing.
      if (status === 'ready') process.nextTick(() => controller.abort())
    }
    const out = join(folder, 'early.index')
    const read: number[] = []
    const building = build(TEXTS, { out, signal: controller.signal, onProgress, onRead: ({ scored }) => read.push(scored) })
    await expect(building).rejects.toMatchObject({ name: 'AbortError' })
    expect(read).toEqual([])
    expect(await readdir(folder)).not.toContain('early.index')
  })

  test('refuses a cross-encoder, options that are none, and a place that cannot be written', async () => {
    const out = join(folder, 'refused.index')
    await expect(build(TEXTS, { out, model: 'test/reference/bert', dtype: 'fp32' })).rejects.toMatchObject({
      code: 'invalid-option',
      message: expect.stringMatching(/is a cross-encoder/),
    })
    await expect(build(TEXTS, {} as never)).rejects.toMatchObject({ code: 'invalid-option', option: 'out' })
    await expect(build(TEXTS, { out, longdocuments: 'chunk' } as never)).rejects.toMatchObject({ option: 'longdocuments' })
    await writeFile(join(folder, 'file'), '')
    await expect(build(TEXTS.slice(0, 1), { out: join(folder, 'file/docs.index') })).rejects.toMatchObject({ option: 'out' })
  })
})

describe('prepare({ index }) in Node', () => {
  let index: string
  beforeAll(async () => {
    index = join(folder, 'docs.index')
    await build(TEXTS, { out: index })
  })

  test.each(['ort-node', 'ort-web'] satisfies Runtime[])('ranks what was never read, on %s, as reading it ranks', async (runtime) => {
    await using reranker = await createReranker({ model: MODEL, runtime })
    await reranker.prepare({ index })
    expect(reranker.info.kept?.documents).toBe(40)
    const { results, coarse } = await reranker.rerank(QUERY, TEXTS)
    expect(coarse).toBeUndefined()
    await using other = await createReranker({ model: MODEL, runtime })
    const read = await other.rerank(QUERY, TEXTS)
    const worst = results.map((one) =>
      Math.abs((one.logit as number) - (read.results.find(({ index }) => index === one.index)?.logit as number)),
    )
    // The index was read by onnxruntime-node: there it is the same to the bit. Each runtime is 0.01 from PyTorch at the most.
    expect(Math.max(...worst)).toBeLessThanOrEqual(runtime === 'ort-node' ? 0 : 0.02)
    // A file's address is as good as its path.
    await other.prepare({ index: new URL(`file://${index}`) })
  })

  test('another state of the model is refused, the same under another name is not', async () => {
    const same = join(folder, 'renamed')
    await cp(MODEL, same, { recursive: true })
    const { files, ...manifest } = JSON.parse(await readFile(join(same, 'page-rerank.json'), 'utf8'))
    await writeFile(join(same, 'page-rerank.json'), JSON.stringify({ ...manifest, id: 'renamed', revision: 'another' }))
    {
      await using reranker = await createReranker({ model: same })
      await reranker.prepare({ index })
      expect(reranker.info.kept?.documents).toBe(40)
    }
    const tokenizer = join(same, 'tokenizer.json')
    await writeFile(tokenizer, `${await readFile(tokenizer, 'utf8')}\n`)
    await using reranker = await createReranker({ model: same })
    await expect(reranker.prepare({ index })).rejects.toMatchObject({
      name: 'IndexError',
      code: 'index-mismatch',
      message: expect.stringMatching(
        /made by late-bert \(revision \w+\): tokenizer\.json of the model in use \(renamed, revision another\) is another file/,
      ),
    })
    expect((await reranker.rerank(QUERY, TEXTS, { topN: 1 })).unscored).toBe(0)
    void files
  })

  test('a ColBERT model of others’ making: its index serves it, and no other way of reading texts', async () => {
    const out = join(folder, 'colbert.index')
    const colbert = join(folder, 'colbert')
    await cp('test/reference/colbert-modernbert', colbert, { recursive: true })
    expect(await build(TEXTS, { out, model: colbert })).toMatchObject({ read: 40 })
    // Where it was built is not told.
    expect((await readFile(out)).includes(folder)).toBe(false)
    {
      await using reranker = await createReranker({ model: colbert })
      await reranker.prepare({ index: out })
      const ranked = await reranker.rerank(QUERY, TEXTS)
      await using other = await createReranker({ model: colbert })
      expect(ranked).toEqual(await other.rerank(QUERY, TEXTS))
      expect(reranker.info.kept?.documents).toBe(40)
    }
    const path = join(colbert, 'config_sentence_transformers.json')
    const said = JSON.parse(await readFile(path, 'utf8'))
    await writeFile(path, JSON.stringify({ ...said, skiplist_words: ['cat'] }))
    await using reranker = await createReranker({ model: colbert })
    await expect(reranker.prepare({ index: out })).rejects.toMatchObject({
      code: 'index-mismatch',
      message: expect.stringMatching(/does something else to texts/),
    })
  })

  test('what is no file, or cannot be read, is an IndexError', async () => {
    await using reranker = await createReranker({ model: MODEL })
    const refused: [string, RegExp][] = [[folder, /could not be read: it is a folder\. Documents are read as they are needed\.$/]]
    if (process.platform !== 'win32') refused.push(['/dev/zero', /it is no plain file/])
    // A file by all that is said of it, at whose beginning nothing can be read.
    if (process.platform === 'linux') refused.push(['/proc/self/mem', /\/proc\/self\/mem could not be read/])
    for (const [index, message] of refused) {
      const error = { name: 'IndexError', code: 'index-invalid', message: expect.stringMatching(message) }
      await expect(reranker.prepare({ index })).rejects.toMatchObject(error)
    }
  })

  test('a cross-encoder has nothing to prepare, and does not look', async () => {
    await using reranker = await createReranker({ model: 'test/reference/bert', dtype: 'fp32' })
    await reranker.prepare({ index: join(folder, 'there is none') })
  })
})

describe('page-rerank index', () => {
  const index = async (...argv: string[]) => {
    const { code, stdout, stderr } = await run(['index', ...argv, '--model', MODEL])
    return { code, stdout, stderr }
  }

  test('reads a file of JSON Lines, and says what it wrote; --json says it to programs', async () => {
    const file = join(folder, 'hits.jsonl')
    const out = join(folder, 'hits.index')
    await writeFile(file, '{"title":"One","body":"first"}\n{"title":"Two","body":"second"}\n')
    const { code, stdout, stderr } = await index(file, '--field', 'title,body', '--out', out, '--documents', join(folder, 'hits.json'))
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(
      /hits\.index: 2 documents, \d+ tokens, 1\.0 kB, [\d.]+ bytes a token; 2 read now\. For late-bert, revision \w+, fp32\.\n$/,
    )
    expect(JSON.parse(await readFile(join(folder, 'hits.json'), 'utf8'))).toEqual([
      { title: 'One', body: 'first', text: 'One\nfirst' },
      { title: 'Two', body: 'second', text: 'Two\nsecond' },
    ])
    const json = await index(file, '--field', 'title,body', '--out', out, '--json')
    expect(JSON.parse(json.stdout)).toMatchObject({ out, documents: 2, read: 0, model: 'late-bert' })
  })

  test('reads a folder: the words of HTML, Markdown and text, and what JSON holds', async () => {
    const site = join(folder, 'site')
    const out = join(folder, 'site.index')
    await mkdir(join(site, 'guide/.hidden'), { recursive: true })
    await mkdir(join(site, 'node_modules'), { recursive: true })
    const files = {
      'a.html':
        '<!doctype html><html><head><title>Wake &amp; lock</title><style>p{}</style></head><body><nav>Home</nav><main><h1>Wake &amp; lock</h1>\n<p>Keeps the <b>screen</b> on&#x2014;always.<br>Really.</p><script>var x = "<p>"</script><!-- <p>no</p> --><ul><li>one<li>two &nbsp; words</ul></main><footer>2026</footer></body></html>',
      'b.md': '---\ntitle: "Fetching"\ndraft: no\n---\n\n# Fetching\n\nGet *things*.\n',
      'c.md': '# Only a heading\n\nAnd a line.\n',
      'd.md': 'No heading.\n',
      'guide/e.txt': '  plain words \n',
      'guide/f.json': '[{"text":"from JSON"}]',
      'guide/empty.md': '\n',
      'guide/.hidden/g.md': 'hidden',
      'node_modules/h.md': 'not mine',
      'i.png': '\0',
    }
    for (const [path, content] of Object.entries(files)) await writeFile(join(site, path), content)
    const { code, stdout } = await index(site, '--out', out, '--documents', join(folder, 'site.json'), '--long-documents', 'chunk')
    expect([code, stdout]).toEqual([0, expect.stringMatching(/site\.index: 6 documents/)])
    expect(JSON.parse(await readFile(join(folder, 'site.json'), 'utf8'))).toEqual([
      { path: 'a.html', title: 'Wake & lock', text: 'Wake & lock\nKeeps the screen on—always.\nReally.\none\ntwo words' },
      { path: 'b.md', title: 'Fetching', text: 'Fetching\nGet *things*.' },
      { path: 'c.md', title: 'Only a heading', text: 'Only a heading\nAnd a line.' },
      { path: 'd.md', text: 'No heading.' },
      { path: 'guide/e.txt', text: 'plain words' },
      { text: 'from JSON' },
    ])
  })

  test('what it wrote into the folder is not read at the next run', async () => {
    const site = join(folder, 'own-outputs')
    await mkdir(site)
    await writeFile(join(site, 'a.md'), 'One page')
    await writeFile(join(site, 'b.json'), '["From JSON"]')
    // By another name, too.
    await symlink(site, join(folder, 'also'))
    for (const place of [site, site, join(folder, 'also')]) {
      const { stdout } = await index(site, '--out', join(place, 'docs.index'), '--documents', join(place, 'docs.json'))
      expect(stdout).toMatch(/docs\.index: 2 documents/)
      const written = JSON.parse(await readFile(join(site, 'docs.json'), 'utf8'))
      expect(written.map(({ text }: { text: string }) => text)).toEqual(['One page', 'From JSON'])
    }
  })

  test('Markdown of any spacing is read in linear time', async () => {
    const site = join(folder, 'spaces')
    await mkdir(site)
    const spaces = ' '.repeat(200_000)
    await writeFile(join(site, 'a.md'), `# One${spaces}two ${'#'.repeat(1000)}\n\nText`)
    await writeFile(join(site, 'b.md'), `---\ntitle: One${spaces}three\n---\n# One\n`)
    const start = performance.now()
    expect((await index(site, '--out', join(folder, 'spaces.index'))).code).toBe(0)
    expect(performance.now() - start).toBeLessThan(5000)
  })

  test('neither its input nor another file is overwritten', async () => {
    const place = await mkdtemp(join(folder, 'mine-'))
    const [input, other, notes] = ['in.jsonl', 'other.jsonl', 'notes.md'].map((name) => join(place, name)) as [string, string, string]
    await writeFile(input, '{"text":"One"}\n')
    await link(input, other)
    await writeFile(notes, '# Mine')
    const out = join(place, 'new.index')
    for (const [argv, message] of [
      [['--out', input], /The input and --out are one file, .*in\.jsonl\. Name another file\.$/],
      [['--out', out, '--documents', input], /The input and --documents are one file/],
      [['--out', out, '--documents', other], /The input and --documents are one file/],
      [['--out', out, '--documents', join(place, '../', basename(place), 'new.index')], /--out and --documents are one file/],
      [['--out', notes], /notes\.md: there is a file of that name that is no index\. Name another file\.$/],
      [['--out', out, '--documents', notes], /notes\.md: there is a file of that name that is no JSON array\. Name another file\.$/],
    ] as const) {
      const { code, stdout, stderr } = await index(input, ...argv)
      expect([code, stdout, stderr.trim()]).toEqual([1, '', expect.stringMatching(message)])
    }
    expect(await readFile(input, 'utf8')).toBe('{"text":"One"}\n')
    expect((await readdir(place)).sort()).toEqual(['in.jsonl', 'notes.md', 'other.jsonl'])
    // Its own outputs it writes again.
    for (let i = 0; i < 2; i++) expect((await index(input, '--out', out, '--documents', join(place, 'new.json'))).code).toBe(0)
  })

  test.each([
    [['nowhere.jsonl', '--out', 'x'], /there is no such file/],
    [['nowhere.jsonl'], /--out is missing/],
    [['a', 'b', '--out', 'x'], /Unexpected argument "b"/],
  ])('%j fails with a sentence', async (argv, message) => {
    const { code, stdout, stderr } = await index(...argv)
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(message)
    expect(stderr.trim().split('\n')).toHaveLength(1)
  })

  test('a folder without documents, and a file that is no text', async () => {
    const empty = join(folder, 'empty')
    await mkdir(empty)
    expect((await index(empty, '--out', join(folder, 'x'))).stderr).toMatch(/There are no documents/)
    await writeFile(join(empty, 'a.md'), Uint8Array.of(0xff, 0xfe, 65))
    expect((await index(empty, '--out', join(folder, 'x'))).stderr).toMatch(/Cannot read .*a\.md: it is not UTF-8 text\./)
  })
})
