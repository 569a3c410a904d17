/** Everything that the element says; each may be given in other words, and in other languages. */
export interface Strings {
  /** Name of the box where it has no `label`. */
  label: string
  clear: string
  /** How many are shown. */
  results: (count: number) => string
  none: (query: string) => string
  /** The search threw, or its answer cannot be used. */
  failed: string
  retry: string
  /** While the model arrives; the share that is there, from 0 to 100, where it is known. */
  loading: (percent?: number) => string
  /** While the model works. */
  ranking: string
  /** The order is the model's. */
  ranked: string
  /** The order is the search's own, since the model is not there. */
  unranked: string
  /** A result that has no title. */
  untitled: string
}

export const ENGLISH: Strings = {
  label: 'Search',
  clear: 'Clear the search',
  results: (count) => (count === 1 ? '1 result' : `${count} results`),
  none: (query) => `Nothing found for “${query}”`,
  failed: 'The search did not answer.',
  retry: 'Try again',
  loading: (percent) => (percent === undefined ? 'Loading the model' : `Loading the model: ${percent} %`),
  ranking: 'Looking for the best',
  ranked: 'Best first',
  unranked: 'In the search’s own order',
  untitled: 'Untitled',
}

/** For pages in Chinese: `element.strings = CHINESE`. */
export const CHINESE: Strings = {
  label: '搜索',
  clear: '清空',
  results: (count) => `${count} 条结果`,
  none: (query) => `没有找到“${query}”`,
  failed: '搜索没有响应。',
  retry: '重试',
  loading: (percent) => (percent === undefined ? '正在加载模型' : `正在加载模型：${percent}%`),
  ranking: '正在排序',
  ranked: '最相关的在前',
  unranked: '按搜索原来的顺序',
  untitled: '无标题',
}
