import type { BuiltCorpus } from './corpus/corpora.js'

/**
 * A question to start from, whose right entry keywords do not have among their first hundred (of the mini programs: thirty).
 * `scripts/find-examples.js` tried the English ones and others; `examples.md` says where each answer ended up.
 */
export interface Example {
  question: string
  /** The other way round: keyword search puts the right entry higher; said on the chip. */
  keywordsBetter?: true
}

export const EXAMPLES: Record<BuiltCorpus, readonly Example[]> = {
  'web-apis': [
    { question: 'stop the display from going dark' },
    { question: 'record the screen of the user' },
    { question: 'undo everything a database write has done so far' },
    { question: 'pick a thing up and let it go somewhere else' },
    { question: 'show something using the whole monitor' },
    { question: 'switch a class on and off' },
    { question: 'cut off long text with three dots' },
    { question: 'open a dialog that blocks the rest of the page', keywordsBetter: true },
  ],
  'mini-program-apis': [
    { question: '指南针朝哪个方向' },
    { question: '清空本地保存的东西' },
    { question: '页面滚到最上面' },
    { question: '把数据存在手机里下次还能用' },
    { question: '录一段声音' },
    { question: '播放背景音乐', keywordsBetter: true },
  ],
}
