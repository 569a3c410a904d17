import './styles/base.css'
import './styles/search.css'
import './styles/results.css'
import './styles/panel.css'
import { corpora as built } from 'virtual:corpora'
import { type Remote, wrap } from 'comlink'
import { type CreateRerankerOptions, isRerankerError, type LocalReranker } from 'page-rerank'
import { smallZh } from 'page-rerank-small-zh'
import { tinyEn } from 'page-rerank-tiny-en'
import { CachedModelsView } from './cached-models-view.js'
import { chooseLanguage } from './choose-language.js'
import { ComparePanel } from './compare-panel.js'
import { Comparison, type OtherModel } from './comparison.js'
import { Controls } from './controls.js'
import { DataConsent, savesData } from './data-consent.js'
import { deviceReport, snippet } from './device-report.js'
import { type Entry, toEntries } from './document-entry.js'
import { byId } from './dom.js'
import { enableKeyboard } from './keyboard.js'
import { language, setLanguage, strings } from './language.js'
import { LatencyChart } from './latency-chart.js'
import { NetworkProof } from './network-proof.js'
import { ErrorNotice, LoadProgress } from './notices.js'
import { OfflineBadge, registerServiceWorker } from './offline.js'
import { OwnDocumentsView } from './own-documents.js'
import { Reading } from './reading.js'
import { ReadingLine } from './reading-line.js'
import { RerankerHost } from './reranker-host.js'
import { ResultsView } from './results-view.js'
import { RuntimePanel } from './runtime-panel.js'
import type { Corpus, CorpusProblem, SearchWorkerApi } from './search.worker.js'
import { type Ranking, ROWS, SearchFlow } from './search-flow.js'
import { readSettings, type Settings, writeSettings } from './settings.js'
import { enableThemeToggle } from './theme.js'

declare global {
  interface Window {
    /** The live reranker, for the curious and for tests. */
    __pageRerank?: LocalReranker
  }
}

/** The address follows when nothing has changed for this long. */
const ADDRESS_MS = 400

let settings = readSettings(location.search)
let isFetchingOther = false
let wasWhole = false
let isChineseInUse = false
let addressPause: ReturnType<typeof setTimeout> | undefined
const corpora: Record<Corpus, readonly Entry[]> = { 'web-apis': [], 'mini-program-apis': [], own: [] }

const fetched = new Set<Corpus>()

const query = byId<HTMLInputElement>('query')
const corpusButtons = document.querySelectorAll<HTMLButtonElement>('.choice')
const results = new ResultsView()
const panel = new RuntimePanel()
const chart = new LatencyChart(byId('latency'))
const progress = new LoadProgress()
const consent = new DataConsent(byId('consent'))
const notice = new ErrorNotice()
const offline = new OfflineBadge()
const cached = new CachedModelsView(() => offline.setModelGone())
const readingLine = new ReadingLine()

const searchWorker = startSearchWorker()
const network = new NetworkProof(() => searchWorker.requests())
const keptOffline = registerServiceWorker()

const host = new RerankerHost(
  {
    onLoading() {
      delete window.__pageRerank
      notice.hide()
      if (!consent.isOpen) progress.start()
      panel.showLoading()
      chart.clear()
      readAhead()
    },
    onProgress: (event) => progress.show(event),
    onReady(reranker) {
      window.__pageRerank = reranker
      progress.end()
      panel.show(reranker)
      results.setModel(reranker.info)
      readAhead()
      void cached.refresh()
      void keptOffline.then((kept) => offline.setReady(kept))
    },
    onError(error) {
      progress.end()
      panel.showFailed()
      void cached.refresh()
      notice.show('model', error, loadModel)
    },
  },
  (signal) => Promise.all([keptOffline, mayFetch(signal)]),
)

const reading = new Reading((state) => {
  readingLine.show(state)
  // What arrives now was not asked for by a search.
  if (state.status === 'index') network.searching = false
  const isWhole = state.read > 0 && state.read === state.total
  // What is shown is the order of a part, or a first look: now there is more.
  if (settings.q && isWhole && (!wasWhole || state.status === 'done')) searchNow()
  wasWhole = isWhole
})

const comparison = new Comparison(
  {
    onChange(compared) {
      // Its download is not the search's.
      isFetchingOther = compared?.state === 'loading'
      if (isFetchingOther) network.searching = false
      results.showComparison(compared)
      comparePanel.show(compared)
    },
    onProgress: (event) => comparePanel.showProgress(event),
  },
  new DataConsent(byId('compare-consent')),
)

const comparePanel = new ComparePanel(otherModel(settings), (choice) => {
  changeSettings({ compare: choice.model, compareDevice: choice.device })
  comparison.use(choice)
})

const flow = new SearchFlow({
  worker: searchWorker,
  host,
  reading,
  entries: (corpus) => corpora[corpus],
  view: {
    showFirstStage(asked, answer, entries) {
      results.showFirstStage(asked, answer, entries)
      firstStage = answer ? [...answer.places.subarray(0, ROWS)].map((at) => entries[at] as Entry) : []
      if (!asked) comparison.forget()
    },
    showRanking: (ranking, progress) => results.showRanking(ranking, progress),
    showReasons: (explained) => results.showReasons(explained),
    setState: (state) => results.setState(state),
    onSearching(searching) {
      network.searching = searching && !isFetchingOther && reading.status !== 'index'
    },
    onDone(timing, ranking) {
      notice.hide()
      if (timing.ranked > 0) chart.add(timing)
      results.showTiming(timing)
      comparePanel.showRanking(ranking, timing.rank)
      comparison.compare({ query: ranking.query, entries: firstOfBoth(ranking) })
      // A device may have been lost and replaced during the call.
      if (window.__pageRerank) panel.show(window.__pageRerank)
    },
    onError(error) {
      // A model that failed to load has been reported already, with the retry that helps.
      if (host.isReady) notice.show('rank', error, isRerankerError(error) ? loadModel : searchNow)
      else if (!notice.isShown) notice.show('search', error, searchNow)
    },
  },
})
let firstStage: readonly Entry[] = []

const controls = new Controls(settings, (change) => {
  const reload = 'device' in change || 'dtype' in change || 'model' in change
  changeSettings(change)
  if (reload) loadModel()
  else searchNow()
})

new OwnDocumentsView((documents) => {
  void searchWorker.useOwn(documents)
  corpora.own = toEntries(documents)
  chooseCorpus('own')
  if (!query.value) query.focus()
})

function firstOfBoth({ response }: Ranking): Entry[] {
  return [...new Set([...response.results.map(({ document }) => document), ...firstStage])]
}

function changeSettings(change: Partial<Settings>): void {
  settings = { ...settings, ...change }
  // Not at each keystroke: browsers limit how often an address may change, and each change costs milliseconds.
  clearTimeout(addressPause)
  addressPause = setTimeout(() => history.replaceState(null, '', `${location.pathname}${writeSettings(settings)}`), ADDRESS_MS)
}

function searchNow(): void {
  void flow.search(settings, 'now')
}

/** Has the model read what is searched: in the time that queries leave. */
function readAhead(): void {
  // The index is of what the bundled model reads. Who saves data has the device read instead.
  const index = settings.corpus === 'own' || settings.model || savesData() ? undefined : built[settings.corpus].indexUrl
  void reading.start(window.__pageRerank, corpora[settings.corpus], index)
}

/** Loads the model that the settings ask for; a search that is shown is then done again with it. */
function loadModel(): void {
  flow.cancel()
  isChineseInUse = isChinese(settings.corpus)
  void host.use(rerankerOptions(settings))
  if (settings.q) searchNow()
}

function rerankerOptions({ device, dtype, model, corpus }: Settings): CreateRerankerOptions {
  if (model) return { device, dtype, model: model === 'page-rerank-tiny-en' ? tinyEn : model }
  return { device, dtype, ...(isChinese(corpus) && { model: smallZh }) }
}

function otherModel({ compare, compareDevice }: Settings): OtherModel {
  return { model: compare, device: compareDevice }
}

/** Whether a corpus is read by the Chinese model: one that is, or the reader's own documents where most are. */
function isChinese(corpus: Corpus): boolean {
  if (corpus !== 'own') return corpus === 'mini-program-apis'
  const some = corpora.own.slice(0, 20)
  return some.filter(({ read }) => /\p{Script=Han}/u.test(read)).length > some.length / 2
}

function chooseCorpus(corpus: Corpus): void {
  changeSettings({ corpus })
  showCorpus()
  void loadBuilt(corpus)
  if (isChinese(corpus) === isChineseInUse || settings.model) {
    readAhead()
    searchNow()
  } else loadModel()
}

function showCorpus(): void {
  // What of the page is shown follows from this, in the style sheets.
  document.documentElement.dataset.corpus = settings.corpus
  for (const button of corpusButtons) button.setAttribute('aria-pressed', String(button.dataset.corpus === settings.corpus))
}

function ask(question: string): void {
  query.value = question
  changeSettings({ q: question })
  searchNow()
}

function startSearchWorker(): Remote<SearchWorkerApi> {
  const worker = new Worker(new URL('./search.worker.ts', import.meta.url), { type: 'module', name: 'search' })
  // Calls to a worker that never started would wait for ever.
  worker.addEventListener('error', (event) => {
    results.setState('error')
    notice.show(
      'worker',
      event,
      () => location.reload(),
      () => event.message || strings().errors.noWorker,
    )
  })
  return wrap<SearchWorkerApi>(worker)
}

/** Corpora that the page was built with are fetched when they are chosen. */
async function loadBuilt(corpus: Corpus): Promise<void> {
  if (corpus === 'own' || fetched.has(corpus)) return
  fetched.add(corpus)
  const loaded = await searchWorker.loadBuilt(corpus, built[corpus].entriesUrl)
  if ('problem' in loaded) {
    notice.show(
      'corpus',
      undefined,
      () => location.reload(),
      () => corpusMessage(loaded.problem),
    )
    return
  }
  corpora[corpus] = toEntries(loaded.entries)
  if (settings.corpus === corpus) readAhead()
}

function corpusMessage(problem: CorpusProblem): string {
  const { corpusFile, corpusAdvice } = strings().errors
  const what = problem.code === 'status' ? corpusFile.status(problem.status) : corpusFile[problem.code]
  return `${what} ${corpusAdvice}`
}

/** Resolves when the model that the settings ask for may be fetched. */
async function mayFetch(signal: AbortSignal): Promise<void> {
  const { device, dtype } = settings
  const model = settings.model || (isChinese(settings.corpus) ? 'page-rerank-small-zh' : 'page-rerank-small-en')
  await consent.ask({ model, device, dtype }, signal, () => progress.end())
  progress.start()
}

/** Puts a text into the clipboard, and says so. */
async function copy(text: string): Promise<void> {
  const copied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  )
  byId('copied').textContent = copied ? strings().copied : strings().notCopied
}

function switchLanguage(): void {
  const next = language() === 'zh' ? 'en' : 'zh'
  // Named in the address only where the browser would have it otherwise.
  changeSettings({ lang: next === chooseLanguage(null, navigator.languages) ? '' : next })
  setLanguage(next)
}

function listen(): void {
  byId('search-form').addEventListener('submit', (event) => {
    event.preventDefault()
    ask(query.value)
  })
  query.addEventListener('input', (event) => {
    changeSettings({ q: query.value })
    void flow.search(settings, 'typing', event.timeStamp)
  })
  for (const button of corpusButtons) button.addEventListener('click', () => chooseCorpus(button.dataset.corpus as Corpus))
  addEventListener('popstate', () => {
    // Following a link inside the page comes here too.
    if (writeSettings(readSettings(location.search)) === writeSettings(settings)) return
    settings = readSettings(location.search)
    query.value = settings.q
    setLanguage(chooseLanguage(settings.lang, navigator.languages))
    controls.show(settings)
    comparePanel.setModel(otherModel(settings))
    comparison.use(otherModel(settings))
    showCorpus()
    void loadBuilt(settings.corpus)
    loadModel()
  })
  enableKeyboard(query, [byId('reranked'), byId('compared'), byId('first-stage')])
  enableThemeToggle(byId('theme'))
  byId('language').addEventListener('click', switchLanguage)
  byId('copy-report').addEventListener('click', () => {
    if (window.__pageRerank) void copy(deviceReport(window.__pageRerank.info, chart.milliseconds))
  })
  byId('copy-snippet').addEventListener('click', () => void copy(snippet(settings, isChineseInUse)))
  byId('examples').addEventListener('click', ({ target }) => {
    const chip = (target as Element).closest<HTMLButtonElement>('.chip')
    if (chip) ask(chip.value)
  })
}

function start(): void {
  listen()
  query.value = settings.q
  showCorpus()
  void loadBuilt(settings.corpus)
  // In a task of its own: what is above has to be painted first.
  setTimeout(() => {
    loadModel()
    if (settings.compare) void host.ready.then(() => comparison.use(otherModel(settings)))
  })
}

start()
