import { count } from '../format.js'
import type { Strings } from './en.js'

/** 9.4 毫秒、312 毫秒、2.4 秒 */
function duration(milliseconds: number): string {
  if (milliseconds < 10) return `${milliseconds.toFixed(1)} 毫秒`
  if (milliseconds < 1000) return `${Math.round(milliseconds)} 毫秒`
  return `${(milliseconds / 1000).toFixed(1)} 秒`
}

const wait = (seconds: number): string => (seconds < 90 ? `${Math.ceil(seconds)} 秒` : `${Math.round(seconds / 60)} 分钟`)

export const page: Strings['page'] = {
  title: 'page-rerank：只读一遍，随打随排',
  description: '延迟交互模型在网页的 Worker 里运行，每敲一键就给几千篇文档重新排序。不需要服务器，断网也能用。',
  switchTo: 'English',
  themeSystem: '主题：跟随系统',
  skip: '跳到结果',
  heading: '只读一遍，随打随排。',
  lead: '小模型已经提前把每个条目读过一遍。你每敲一键，它就按内容给全部条目重新排序，所以和你的问题没有一个词相同的条目也找得到。它在本页的 Worker 里运行，你输入的内容不会离开浏览器。',
  query: '提一个问题',
  placeholder: '用英文提问，怎么说都行',
  submit: '搜索',
  queryHelp: '边输入边出结果。方向键在结果间移动，回车打开，Esc 回到输入框。',
  corpora: '搜索范围',
  webApis: 'Web API',
  miniProgramApis: '小程序 API',
  own: '自己的文档',
  ownText: '粘贴文本：一行一篇，或者段落之间空一行。',
  useText: '使用这段文本',
  chooseFiles: '选择文件',
  chooseFolder: '选择文件夹',
  dropHint: '也可以把 .txt、.md、.pdf、.csv、.json 或 .jsonl 文件拖到这里。文件不会离开这台设备。',
  examples: '关键词答不上来的问题',
  keywordsBetter: '这一条关键词更准',
  readingWaiting: '还没有读任何内容',
  results: '结果',
  views: '显示哪些列表',
  besideKeywords: '对照关键词',
  keywords: '关键词',
  besideCrossEncoder: '两个模型对照',
  lateInteraction: '延迟交互',
  crossEncoder: '交叉编码器',
  alone: '不对照',
  legend: '与你的词对应的词',
  weaker: '弱',
  stronger: '强',
  keywordsNote: '第一阶段，BM25',
  pinned: '钉住的条目',
  welcome: '提一个问题，或者从上面挑一个。',
  step1: '只读一遍。',
  step1Text: '在你提问之前，延迟交互模型已经把每个条目的每个词都压缩成了寥寥几个比特。',
  step2: '敲一键，排一次。',
  step2Text: '每敲一键，模型只需读一遍你那几个词，再对全部条目做一轮整数运算。',
  step3: '与关键词搜索对照。',
  step3Text: '旁边是 BM25 的结果。底色标出哪些词回答了你的词，连线标出哪些条目被关键词排到了别处，或者根本没找到。',
  panel: '模型与测量',
  latency: '每敲一键的耗时',
  compare: '与别的模型或设备比一比',
  compareHint: '你停止输入后，它会给两个列表的前 20 条排序。交叉编码器要把每一条与你的问题拼在一起，从头读一遍。',
  compareModel: '登记名、Hub 上的 ID 或网址',
  compareStart: '开始对照',
  compareStop: '停止对照',
  sameModel: '同一个模型，换个设备',
  settings: '设置',
  pool: '参与排序',
  budget: '时间上限',
  device: '设备',
  dtype: '数值格式',
  otherModel: '换一个模型',
  modelName: '登记名、Hub 上的 ID 或网址',
  modelPlaceholder: '内置模型',
  tiny: '下载量约三分之一',
  modelHint: 'Hub 上的模型从 huggingface.co 下载。按回车加载；留空就用内置模型。',
  runtime: '实际运行情况',
  factModel: '模型',
  factDevice: '设备',
  factDtype: '格式',
  factEngine: '引擎',
  factSelfTest: '自检',
  factLoaded: '加载用时',
  factIsolated: '跨源隔离',
  factFallbacks: '未采用',
  copyReport: '复制这份报告',
  copySnippet: '复制为代码',
  consentTitle: '你的浏览器要求网站节省流量。',
  consentLoad: '加载模型',
  cachedModels: '本机存有的模型',
  network: '网络',
  offlineWaiting: '还不能离线使用',
  requests: '次请求（搜索期间）',
  retry: '重试',
  source1: 'Web API 的名称和说明取自 npm 包 ',
  source2: '，原文来自 ',
  source3: '（CC BY-SA 2.5）。链接指向 MDN。',
}

const LANGUAGE_NOTE = '保持第一阶段的顺序。'

export const zh: Strings = {
  page,
  count,
  duration,
  theme: { system: page.themeSystem, light: '主题：浅色', dark: '主题：深色', change: (label) => `${label}，点按切换` },

  kinds: { 'late-interaction': page.lateInteraction, 'cross-encoder': page.crossEncoder },
  notes: {
    idle: '',
    loading: '等待模型',
    reranking: '排序中…',
    done: (ranked, isEverything) => (isEverything ? `全部 ${count(ranked)} 条` : `${count(ranked)} 个候选`),
    coarse: '初步结果',
    error: '未排序',
  },
  compareNotes: {
    idle: '等待提问',
    asking: '尚未加载',
    loading: '加载中…',
    typing: '等你停止输入',
    reranking: (scored, total) => `已读 ${scored} / ${total}…`,
    done: (pairs, milliseconds) => `${pairs} 对，${duration(milliseconds)}`,
    error: '不可用',
  },

  row: {
    was: (rank) => `关键词排第 ${count(rank)}`,
    now: (rank, kind) => `${kind}排第 ${count(rank)}`,
    below: (rank, kind) => `${kind}未排进前 ${count(rank)}`,
    missed: '关键词找不到',
    deprecated: '已弃用',
    unscored: '尚未读到',
    noSharedWords: '没有相同的词',
    score: '得分 ',
    answers: (words) => `对应“${words}”`,
  },

  pinned: {
    pin: (title) => `钉住 ${title}，看它排第几`,
    remove: (title) => `不再钉住 ${title}`,
    places: (ranked, keywords) => {
      const now = ranked === undefined ? '还没有排序' : ranked === null ? '在列表之后' : `第 ${count(ranked)} 名`
      return `${now}，${keywords === undefined ? '关键词没找到' : `关键词第 ${count(keywords)} 名`}`
    },
  },

  summary: {
    ranked: (ranked, total) => (ranked === total ? `排完 ${count(total)} 条` : `排完 ${count(total)} 条中的 ${count(ranked)} 条`),
    keyToOrder: (milliseconds) => `从按键到结果 ${duration(milliseconds)}`,
    reading: (scored, total) => `正在读 ${count(scored)} / ${count(total)} 条…`,
    unscored: (unscored) => `${count(unscored)} 条因超时未读`,
    matches: (total, milliseconds) => `关键词命中 ${count(total)} 条，${duration(milliseconds)}`,
    mismatch: ({ part, code }) => {
      if (code === 'unknown-tokens') return `模型的词表里没有${part === 'query' ? '这个问题' : '这些文档'}用的大部分字词。${LANGUAGE_NOTE}`
      const what = part === 'query' ? '问题' : '大部分文档'
      return `${what}用的${code === 'script' ? '文字' : '语言'}，当前模型读不懂（内置模型只懂英文）。${LANGUAGE_NOTE}`
    },
    announcement: (ranked, milliseconds, first) => `已在 ${duration(milliseconds)}内排完 ${count(ranked)} 条。第一条：${first}。`,
    wasRank: (rank) => `关键词排第 ${count(rank)}`,
  },
  empty: {
    noDocuments: '还没有可搜索的内容：请在上面粘贴文本或选择文件。',
    noKeywords: (query) => `没有条目含有这些词：${query}`,
  },

  reading: {
    waiting: page.readingWaiting,
    index: (percent, isUsable) => `正在取回建站时读好的内容：${percent}%${isUsable ? '，已经可以全部排序' : ''}`,
    reading: (read, total, secondsLeft) =>
      `已读 ${count(read)} / ${count(total)}${secondsLeft === undefined ? '' : `，还需 ${wait(secondsLeft)}`}。现在就可以搜索。`,
    done: (total, size) => `${count(total)} 条全部读完：${size}`,
    full: (read, total) => `已读 ${count(read)} / ${count(total)}，为此预留的内存已满。`,
    unneeded: '交叉编码器每次都要重新读候选',
    failed: '预读失败',
    bar: '预读进度',
  },

  own: {
    reading: '正在打开…',
    noFiles: '这个文件夹里没有 .txt、.md、.pdf、.csv、.json 或 .jsonl 文件。',
    pasted: '粘贴的文本',
    documents: (found) => `${count(found)} 篇文档`,
    problem: (problem) => {
      switch (problem.code) {
        case 'too-large':
          return `超过 ${problem.megabytes} MB 的文件不读。`
        case 'no-documents':
          return '里面没有文档。'
        case 'textless':
          return `其中 ${problem.entries} 条没有文字，已略过。`
        case 'no-room':
          return `共 ${problem.documents} 篇，只取了前 ${problem.room} 篇。`
        case 'not-text':
          return '这不是 UTF-8 文本。请另存为 UTF-8，或者换一个文件。'
        case 'not-json':
          return `不是有效的 JSON：${problem.reason}`
        case 'no-array':
          return '这个 JSON 里没有文档数组。'
        case 'line-not-json':
          return `第 ${problem.line} 行不是有效的 JSON：${problem.reason}`
        case 'open-quote':
          return `从第 ${problem.row} 行开始的引号没有闭合。`
        case 'unreadable':
          return problem.reason
      }
    },
  },

  consent: (model, megabytes) =>
    megabytes === undefined
      ? `${model} 只下载一次，之后就留在这台设备上。有多大，要等下载开始才知道。没有它，也可以用关键词搜索。`
      : `${model} 要下载约 ${megabytes} MB，只下载一次，之后就留在这台设备上。没有它，也可以用关键词搜索。`,
  copied: '已复制。',
  notCopied: '浏览器不允许复制。',

  load: {
    loading: '正在加载模型…',
    source: '先找本机缓存，没有再从网络下载',
    starting: '正在启动模型…',
    checking: (size) => `${size} 已到齐，正在核对得分`,
    progress: (loaded, total) => `${loaded} / ${total}`,
    pace: (rate, seconds) => `，${rate}/秒，还需 ${wait(seconds)}`,
  },
  errors: {
    model: '模型加载失败。',
    compare: '另一个模型加载失败。',
    rank: '这次搜索没能排序。',
    search: '这次搜索失败了。',
    corpus: '文档加载失败。',
    worker: '搜索不可用。',
    noWorker: '搜索用的 Worker 启动不了。',
    byCode: {
      'invalid-option': '设置里有一项不能用。',
      'model-not-found': '找不到这个模型。请检查名称或网址，然后重试。',
      'model-file-invalid': '模型文件已损坏或不完整。请重试，或者换一个模型。',
      'model-unsupported': '这个模型不是本库能运行的类型。请换一个模型。',
      'download-failed': '模型没能下载下来。请检查网络，然后重试。',
      'access-denied': '服务器拒绝访问这个模型。',
      'storage-full': '磁盘空间不足，模型存不下。请删掉一些模型后重试。',
      'storage-blocked': '浏览器不允许本页存储数据。',
      'device-unavailable': '所选设备在这台机器上不可用。请换一个设备。',
      'session-failed': '设备没能运行这个模型。请换一个设备或数值格式。',
      'does-not-fit': '这个模型对这台机器来说太大了。请换一个小一点的。',
      'worker-failed': '模型所在的 Worker 停止了。请重试。',
    },
    corpusFile: {
      network: '条目文件没有送达。',
      status: (status) => `服务器对条目文件返回了 ${status}。`,
      damaged: '条目文件中断或已损坏。',
    },
    corpusAdvice: '请检查网络后重试；没有它也可以搜索自己的文档。',
  },

  latency: {
    last: '最近一次',
    median: '中位数',
    p95: '95% 不超过',
    firstStage: '关键词',
    none: '还没有排过序。',
    chart: (times, median, longest) => `最近 ${times} 次排序的耗时：中位数 ${duration(median)}，最长 ${duration(longest)}。`,
    bar: (query, ranked, milliseconds) => `${query}：${count(ranked)} 条，${duration(milliseconds)}`,
  },

  compare: {
    waiting: '提一个问题，就开始对照。',
    times: (pairs, milliseconds, factor, ranked) =>
      `${pairs} 条用了 ${duration(milliseconds)}，是旁边的列表排完 ${count(ranked)} 条所用时间的 ${factor} 倍。`,
    sameFirst: '两者的第一名相同。',
    otherFirst: (title) => `它的第一名是 ${title}。`,
    common: (common, top) => `前 ${top} 名中有 ${common} 条相同。`,
  },

  settings: {
    everything: '所有已读条目',
    candidates: (pool) => `关键词给出的 ${count(pool)} 个候选`,
    noLimit: '不限',
    limit: (milliseconds) => duration(milliseconds),
    devices: { auto: '自动选最快的', webgpu: 'WebGPU', wasm: 'WebAssembly' },
    dtypeAuto: '按模型建议',
  },

  runtime: {
    loading: '加载中…',
    none: '没有在运行',
    devices: { webgpu: 'WebGPU', wasm: 'WebAssembly', cpu: 'CPU', worker: 'Worker' },
    comma: '，',
    revision: (revision) => `版本 ${revision}`,
    threads: (threads) => `${threads} 个线程`,
    inWorker: '在 Worker 里',
    inThread: '在页面线程里',
    fallback: ({ code, reason }) =>
      ({
        unavailable: '这个浏览器没有',
        'no-adapter': '没有可用的显卡适配器',
        'unsupported-dtype': '不支持这种数值格式',
        'missing-file': '模型没有这种格式的文件',
        'does-not-fit': '放不下这个模型',
        'session-failed': '启动失败',
        'self-test-failed': '自检得分不对',
        'invalid-logits': '算出了无效的数',
        'device-lost': '运行中丢失了设备',
        slower: '比另一个设备慢',
        'worker-failed': 'Worker 启动失败',
      })[code] ?? reason,
    isolated: ['是', '可以使用多线程'],
    notIsolated: ['否', '单线程：服务器没有发送 COOP 和 COEP'],
    unchecked: ['未核对', '模型没有附带已知得分'],
    passed: (pairs, error, tolerance) => ['通过', `${pairs} 对，最大偏差 ${error}（允许 ${tolerance}）`],
    bytes: { network: (size) => `下载 ${size}`, cache: (size) => `缓存 ${size}`, local: (size) => `本地 ${size}` },
  },

  cached: {
    none: '没有。',
    delete: '删除',
    deleteModel: (model) => `从本机删除 ${model}`,
    unfinished: (size) => `，未下完 ${size}`,
    revision: (revision) => `，版本 ${revision}`,
    failed: (reason) => `没能删除：${reason}`,
  },

  offline: {
    waiting: [page.offlineWaiting, ''],
    ready: ['可以离线使用', '试一试：断开网络，刷新页面，照样搜索。'],
    offline: ['已离线，照常工作', '没有网络，搜索照样进行。'],
    gone: ['暂时不能离线使用', '有模型被删除了，下次用到时会重新下载。'],
    unavailable: ['这里不能离线使用', '这个浏览器、窗口或服务器不支持 Service Worker。'],
  },
}
