import type { Fallback, Mismatch } from 'page-rerank'
import type { FileProblem } from '../document-files.js'
import { count } from '../format.js'

/** 1 entry, 2 entries */
const plural = (value: number, one: string, many = `${one}s`): string => `${count(value)} ${value === 1 ? one : many}`

/** 1st, 2nd, 3rd, 4th, 11th, 21st */
function ordinal(value: number): string {
  const isTeen = Math.floor(value / 10) % 10 === 1
  return `${count(value)}${(isTeen ? undefined : ['th', 'st', 'nd', 'rd'][value % 10]) ?? 'th'}`
}

/** 9.4 ms, 312 ms, 2.4 s */
function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} ms`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`
  return `${(milliseconds / 1000).toFixed(1)} s`
}

/** What is left of a wait: 9 s, 4 min */
const wait = (seconds: number): string => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`)

/** Texts that stand in the page before any script runs: `%heading%` in index.html. */
export const page = {
  title: 'page-rerank: read once, ranked at every key',
  description:
    'A late-interaction model ranks thousands of documents at every key press, in a worker of the page. No server, works offline.',
  /** The other language's name, in that language. */
  switchTo: '中文',
  themeSystem: 'Theme: system',
  skip: 'Skip to the results',
  heading: 'Read once, ranked at\u00a0every\u00a0key.',
  lead: 'A small model has read every entry ahead of time. At each key press it ranks all of them by what they say, and so finds what shares not one word with your question. It runs in a worker of this page: nothing you type leaves your browser.',
  query: 'Ask a question',
  placeholder: 'Ask in your own words',
  submit: 'Search',
  queryHelp: 'Results appear as you type. Arrow keys move through them, Enter opens one, Escape comes back here.',
  corpora: 'What to search',
  webApis: 'Web APIs',
  miniProgramApis: 'Mini programs, in Chinese',
  own: 'Your own documents',
  ownText: 'Paste text: one document a line, or paragraphs with blank lines between them.',
  useText: 'Use this text',
  chooseFiles: 'Choose files',
  chooseFolder: 'Choose a folder',
  dropHint: 'or drop .txt, .md, .pdf, .csv, .json or .jsonl here. They stay on this device.',
  examples: 'Questions that keywords cannot answer',
  keywordsBetter: 'keywords do better here',
  readingWaiting: 'Nothing is read yet',
  results: 'Results',
  views: 'Which lists to show',
  besideKeywords: 'Beside keywords',
  keywords: 'Keywords',
  besideCrossEncoder: 'Compare',
  lateInteraction: 'Late interaction',
  crossEncoder: 'Cross-encoder',
  alone: 'Alone',
  legend: 'Words that answer yours',
  weaker: 'weaker',
  stronger: 'stronger',
  keywordsNote: 'first stage, BM25',
  pinned: 'Pinned entries',
  welcome: 'Ask a question, or take one of those above.',
  step1: 'Read once.',
  step1Text: 'A late-interaction model turns every entry into a few bits for each of its words, before you ask anything.',
  step2: 'Ranked at every key.',
  step2Text: 'A key press costs one run over your few words, and whole-number arithmetic over all entries.',
  step3: 'Beside keyword search.',
  step3Text: 'BM25 stands next to it. Marks show which words answered yours, and lines what keywords put elsewhere or never found.',
  panel: 'Model and measurements',
  latency: 'Time per key press',
  compare: 'Against another model or device',
  compareHint:
    'It orders the first 20 of both lists whenever you stop typing. A cross-encoder reads each anew, together with your question.',
  compareModel: 'Registry name, hub id or address',
  compareStart: 'Compare',
  compareStop: 'Stop comparing',
  sameModel: 'the same, on another device',
  settings: 'Settings',
  pool: 'Ranked',
  budget: 'Time limit',
  device: 'Device',
  dtype: 'Number format',
  otherModel: 'Another model',
  modelName: 'Registry name, hub id or address',
  modelPlaceholder: 'bundled model',
  tiny: 'a third of the download',
  modelHint: 'A hub id downloads from huggingface.co. Press Enter to load it; empty is the bundled model.',
  runtime: 'What is really running',
  factModel: 'Model',
  factDevice: 'Device',
  factDtype: 'Format',
  factEngine: 'Engine',
  factSelfTest: 'Self-test',
  factLoaded: 'Loaded in',
  factIsolated: 'Cross-origin isolated',
  factFallbacks: 'Not used',
  copyReport: 'Copy this report',
  copySnippet: 'Copy as code',
  consentTitle: 'Your browser asks sites to save data.',
  consentLoad: 'Load the model',
  cachedModels: 'Models on this disk',
  network: 'Network',
  offlineWaiting: 'Not ready for offline use yet',
  requests: 'requests while searching',
  retry: 'Try again',
  source1: 'Web API names and sentences come from the npm package ',
  source2: ', which takes them from ',
  source3: ' (CC BY-SA 2.5). Links open MDN.',
}

export const en = {
  page,
  count,
  duration,
  theme: { system: page.themeSystem, light: 'Theme: light', dark: 'Theme: dark', change: (label: string) => `${label}. Change it.` },

  kinds: { 'late-interaction': page.lateInteraction, 'cross-encoder': page.crossEncoder },
  /** What the list of the ranking holds, beside its heading. */
  notes: {
    idle: '',
    loading: 'waiting for the model',
    reranking: 'ranking …',
    done: (ranked: number, isEverything: boolean) => (isEverything ? `all ${count(ranked)}` : plural(ranked, 'candidate')),
    coarse: 'a first look',
    error: 'not ranked',
  },
  compareNotes: {
    idle: 'waits for a question',
    asking: 'not loaded yet',
    loading: 'loading …',
    typing: 'waits until you stop typing',
    reranking: (scored: number, total: number) => `reading ${scored} of ${total} …`,
    done: (pairs: number, milliseconds: number) => `${plural(pairs, 'pair')} in ${duration(milliseconds)}`,
    error: 'not available',
  },

  row: {
    was: (rank: number) => `${ordinal(rank)} by keywords`,
    now: (rank: number, kind: string) => `${ordinal(rank)} by ${kind.toLowerCase()}`,
    below: (rank: number, kind: string) => `below the first ${rank} by ${kind.toLowerCase()}`,
    missed: 'keywords miss it',
    deprecated: 'deprecated',
    unscored: 'not read yet',
    noSharedWords: 'no shared words',
    score: 'score ',
    answers: (words: string) => `answers “${words}”`,
  },

  pinned: {
    pin: (title: string) => `Watch the place of ${title}`,
    remove: (title: string) => `Watch ${title} no more`,
    /** @param ranked null is below the list, undefined no order yet */
    places: (ranked: number | null | undefined, keywords: number | undefined) => {
      const now = ranked === undefined ? 'not ranked' : ranked === null ? 'below the list' : ordinal(ranked)
      return `${now}, ${keywords === undefined ? 'not found by keywords' : `${ordinal(keywords)} by keywords`}`
    },
  },

  summary: {
    ranked: (ranked: number, total: number) =>
      ranked === total ? `for ${plural(total, 'entry', 'entries')}` : `for ${count(ranked)} of ${plural(total, 'entry', 'entries')}`,
    keyToOrder: (milliseconds: number) => `${duration(milliseconds)} from key to order`,
    reading: (scored: number, total: number) => `Reading ${count(scored)} of ${plural(total, 'entry', 'entries')} …`,
    unscored: (unscored: number) => `${count(unscored)} left by the time limit`,
    matches: (total: number, milliseconds: number) => `${plural(total, 'keyword match', 'keyword matches')} in ${duration(milliseconds)}`,
    mismatch: ({ reason }: Mismatch) => `${reason} The first stage’s order stays.`,
    announcement: (ranked: number, milliseconds: number, first: string) =>
      `${plural(ranked, 'entry', 'entries')} ranked in ${duration(milliseconds)}. First: ${first}.`,
    wasRank: (rank: number) => `${ordinal(rank)} by keywords`,
  },
  empty: {
    noDocuments: 'There is nothing to search yet: paste text or choose files above.',
    noKeywords: (query: string) => `No entry has any of these words: ${query}`,
  },

  reading: {
    waiting: page.readingWaiting,
    index: (percent: number, isUsable: boolean) =>
      `Fetching what was read when this page was built: ${percent} %${isUsable ? '. Everything is ranked already.' : ''}`,
    reading: (read: number, total: number, secondsLeft: number | undefined) =>
      `${count(read)} of ${count(total)} read${secondsLeft === undefined ? '' : `, ${wait(secondsLeft)} left`}. Search works meanwhile.`,
    done: (total: number, size: string) => (total === 1 ? `The one document is read: ${size}` : `All ${count(total)} are read: ${size}`),
    full: (read: number, total: number) => `${count(read)} of ${count(total)} read; the memory set aside for this is full.`,
    unneeded: 'A cross-encoder reads candidates anew for each question',
    failed: 'Reading ahead has failed',
    bar: 'Read ahead',
  },

  own: {
    reading: 'Opening …',
    noFiles: 'There is no .txt, .md, .pdf, .csv, .json or .jsonl file in this folder.',
    /** Stands where a file's name would. */
    pasted: 'pasted text',
    documents: (found: number) => plural(found, 'document'),
    problem: (problem: FileProblem): string => {
      switch (problem.code) {
        case 'too-large':
          return `Files over ${problem.megabytes} MB are not read.`
        case 'no-documents':
          return 'No documents in it.'
        case 'textless':
          return `${problem.entries} of its entries have no text and were left out.`
        case 'no-room':
          return `Only the first ${problem.room} of its ${problem.documents} documents were taken.`
        case 'not-text':
          return 'This is not UTF-8 text. Save it as UTF-8, or choose another file.'
        case 'not-json':
          return `This is not valid JSON: ${problem.reason}`
        case 'no-array':
          return 'The JSON holds no array of documents.'
        case 'line-not-json':
          return `Line ${problem.line} is not valid JSON: ${problem.reason}`
        case 'open-quote':
          return `A quoted field that starts in row ${problem.row} never ends.`
        case 'unreadable':
          return problem.reason
      }
    },
  },

  /** @param megabytes undefined: nobody knows yet */
  consent: (model: string, megabytes: number | undefined) =>
    megabytes === undefined
      ? `${model} is downloaded once, and then stays on this device. How large it is shows only when the download begins. Keywords search without it.`
      : `${model} is a download of about ${megabytes} MB, once; it then stays on this device. Keywords search without it.`,
  copied: 'Copied.',
  notCopied: 'This browser did not let it be copied.',

  load: {
    loading: 'Loading the model …',
    source: 'from this disk, or else from the network',
    starting: 'Starting the model …',
    checking: (size: string) => `${size} are here; its scores are checked`,
    progress: (loaded: string, total: string) => `${loaded} of ${total}`,
    pace: (rate: string, seconds: number) => `, ${rate}/s, ${wait(seconds)} left`,
  },
  errors: {
    model: 'The model could not be loaded.',
    compare: 'The other model could not be loaded.',
    rank: 'This search could not be ranked.',
    search: 'This search failed.',
    corpus: 'The documents could not be loaded.',
    worker: 'Search is not available.',
    noWorker: 'The search worker could not be started.',
    /** Instead of the library's own sentence, by its code: that one is English. */
    byCode: {} as Partial<Record<string, string>>,
    corpusFile: {
      network: 'Their file did not arrive.',
      status: (status: number) => `The server answered ${status} for their file.`,
      damaged: 'Their file broke off or is damaged.',
    },
    corpusAdvice: 'Look at the network connection, then try again; your own documents can be searched without them.',
  },

  latency: {
    last: 'last',
    median: 'median',
    p95: '95 of 100 within',
    firstStage: 'keywords',
    none: 'No question has been ranked yet.',
    chart: (times: number, median: number, longest: number) =>
      `Time of the last ${plural(times, 'ranking')}: median ${duration(median)}, longest ${duration(longest)}.`,
    bar: (query: string, ranked: number, milliseconds: number) =>
      `${query}: ${plural(ranked, 'entry', 'entries')} in ${duration(milliseconds)}`,
  },

  compare: {
    waiting: 'Ask something to compare.',
    times: (pairs: number, milliseconds: number, factor: string, ranked: number) =>
      `${plural(pairs, 'entry', 'entries')} in ${duration(milliseconds)}: ${factor} times as long as ${count(ranked)} took in the list beside it.`,
    sameFirst: 'Both put the same entry first.',
    otherFirst: (title: string) => `It puts ${title} first.`,
    common: (common: number, top: number) => `Of the first ${top}, ${common} are the same.`,
  },

  settings: {
    everything: 'everything that is read',
    candidates: (pool: number) => `${count(pool)} candidates by keywords`,
    noLimit: 'none',
    limit: (milliseconds: number) => duration(milliseconds),
    devices: { auto: 'best that works', webgpu: 'WebGPU', wasm: 'WebAssembly' },
    dtypeAuto: 'as the model advises',
  },

  runtime: {
    loading: 'loading …',
    none: 'none is running',
    devices: { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'CPU', worker: 'Worker' },
    comma: ', ',
    revision: (revision: string) => `revision ${revision}`,
    threads: (threads: number) => plural(threads, 'thread'),
    inWorker: 'in a worker',
    inThread: 'in this thread',
    fallback: ({ reason }: Fallback) => reason,
    isolated: ['yes', 'threads are possible'] as [string, string],
    notIsolated: ['no', 'one thread: the server does not send COOP and COEP'] as [string, string],
    unchecked: ['unchecked', 'the model brings no known scores'] as [string, string],
    passed: (pairs: number, error: string, tolerance: string): [string, string] => [
      'passed',
      `${plural(pairs, 'pair')}, off by ${error} at most (allowed: ${tolerance})`,
    ],
    bytes: {
      network: (size: string) => `${size} downloaded`,
      cache: (size: string) => `${size} from the cache`,
      local: (size: string) => `${size} local`,
    },
  },

  cached: {
    none: 'None.',
    delete: 'Delete',
    deleteModel: (model: string) => `Delete ${model} from this disk`,
    unfinished: (size: string) => `, ${size} unfinished`,
    revision: (revision: string) => `, revision ${revision}`,
    failed: (reason: string) => `It could not be deleted: ${reason}`,
  },

  offline: {
    waiting: [page.offlineWaiting, ''] as [string, string],
    ready: ['Ready for offline use', 'Try it: turn your network off, reload, and search.'] as [string, string],
    offline: ['Offline, and working', 'You have no network, and search goes on.'] as [string, string],
    gone: ['Not ready for offline use', 'A model was deleted; it is fetched again when it is next needed.'] as [string, string],
    unavailable: ['Not available offline here', 'This browser, window or server keeps no service worker.'] as [string, string],
  },
}

/** One table a language; each has all of these. */
export type Strings = typeof en
export type PageText = keyof typeof page
