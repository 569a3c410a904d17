import './styles/base.css'
import './styles/search.css'
import './styles/results.css'
import './styles/panel.css'
import webApisUrl from 'virtual:web-apis'
import { type Remote, wrap } from 'comlink'
import { type CreateRerankerOptions, isRerankerError } from 'page-rerank'
import { CachedModelsView } from './cached-models-view.js'
import { Controls } from './controls.js'
import { byId } from './dom.js'
import { enableKeyboard } from './keyboard.js'
import { LatencyChart } from './latency-chart.js'
import { NetworkProof } from './network-proof.js'
import { ErrorNotice, LoadProgress } from './notices.js'
import { OfflineBadge, registerServiceWorker } from './offline.js'
import { OwnDocumentsView } from './own-documents.js'
import { RerankerHost } from './reranker-host.js'
import { ResultsView } from './results-view.js'
import { RuntimePanel } from './runtime-panel.js'
import type { Corpus, SearchWorkerApi } from './search.worker.js'
import { SearchFlow } from './search-flow.js'
import { readSettings, type Settings, writeSettings } from './settings.js'
import { enableThemeToggle } from './theme.js'

let settings = readSettings(location.search)
let addressPause: ReturnType<typeof setTimeout> | undefined

const query = byId<HTMLInputElement>('query')
const corpusButtons = document.querySelectorAll<HTMLButtonElement>('.choice')
const results = new ResultsView()
const panel = new RuntimePanel()
const chart = new LatencyChart(byId('latency'))
const progress = new LoadProgress()
const notice = new ErrorNotice()
const offline = new OfflineBadge()
const cached = new CachedModelsView(() => offline.setModelGone())

const searchWorker = startSearchWorker()
const network = new NetworkProof(() => searchWorker.requests())
const keptOffline = registerServiceWorker()

const host = new RerankerHost(
  {
    onLoading() {
      notice.hide()
      progress.start()
      panel.showLoading()
      chart.clear()
    },
    onProgress: (event) => progress.show(event),
    onReady(reranker) {
      progress.end()
      panel.show(reranker)
      void cached.refresh()
      void keptOffline.then((kept) => offline.setReady(kept))
    },
    onError(error) {
      progress.end()
      panel.showFailed()
      void cached.refresh()
      notice.show('The model could not be loaded.', error, loadModel)
    },
  },
  keptOffline,
)

const flow = new SearchFlow(searchWorker, host, {
  showFirstStage: (answer) => results.showFirstStage(answer, settings.q),
  showReranked: (response, progress) => results.showReranked(response, progress),
  setState: (state) => results.setState(state),
  onSearching(searching) {
    network.searching = searching
  },
  onDone(timing, response) {
    notice.hide()
    if (timing.scored > 0) chart.add(timing)
    results.announce(response, timing.rerank)
    // A device may have been lost and replaced during the call.
    if (window.__pageRerank) panel.show(window.__pageRerank)
  },
  onError(error) {
    // A model that failed to load has been reported already, with the retry that helps.
    if (host.isReady) notice.show('This search could not be reranked.', error, isRerankerError(error) ? loadModel : searchNow)
    else if (byId('error').hidden) notice.show('This search failed.', error, searchNow)
  },
})

const controls = new Controls(settings, (change) => {
  const reload = 'device' in change || 'dtype' in change || 'model' in change
  changeSettings(change)
  if (reload) loadModel()
  else searchNow()
})

new OwnDocumentsView(
  (files) => searchWorker.loadOwn(files),
  () => {
    chooseCorpus('own')
    if (!query.value) query.focus()
  },
)

function changeSettings(change: Partial<Settings>): void {
  settings = { ...settings, ...change }
  // Not at each keystroke: browsers limit how often an address may change.
  clearTimeout(addressPause)
  addressPause = setTimeout(() => history.replaceState(null, '', `${location.pathname}${writeSettings(settings)}`), 150)
}

function searchNow(): void {
  void flow.search(settings, 'now')
}

/** Loads the model that the settings ask for; a search that is shown is then done again with it. */
function loadModel(): void {
  flow.cancel()
  void host.use(rerankerOptions(settings))
  if (settings.q) searchNow()
}

function rerankerOptions({ device, dtype, model }: Settings): CreateRerankerOptions {
  return { device, dtype, ...(model && { model }) }
}

function chooseCorpus(corpus: Corpus): void {
  changeSettings({ corpus })
  showCorpus()
  searchNow()
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
    notice.show('Search is not available.', new Error(event.message || 'The search worker could not be started.'), () => location.reload())
  })
  return wrap<SearchWorkerApi>(worker)
}

function listen(): void {
  byId('search-form').addEventListener('submit', (event) => {
    event.preventDefault()
    ask(query.value)
  })
  query.addEventListener('input', () => {
    changeSettings({ q: query.value })
    void flow.search(settings, 'paused')
  })
  for (const button of corpusButtons) button.addEventListener('click', () => chooseCorpus(button.dataset.corpus as Corpus))
  addEventListener('popstate', () => {
    // Following a link inside the page comes here too.
    if (writeSettings(readSettings(location.search)) === writeSettings(settings)) return
    settings = readSettings(location.search)
    query.value = settings.q
    controls.show(settings)
    showCorpus()
    loadModel()
  })
  enableKeyboard(query, [byId('reranked'), byId('first-stage')])
  enableThemeToggle(byId('theme'))
  byId('examples').addEventListener('click', ({ target }) => {
    const chip = (target as Element).closest<HTMLButtonElement>('.chip')
    if (chip) ask(chip.value)
  })
}

function start(): void {
  listen()
  query.value = settings.q
  showCorpus()
  searchWorker.loadWebApis(webApisUrl).catch((error: unknown) => {
    notice.show('The Web APIs could not be loaded.', error, () => location.reload())
  })
  // In a task of its own: what is above has to be painted first.
  setTimeout(loadModel)
}

start()
