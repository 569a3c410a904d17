import { describe, expect, test } from 'vitest'
import { type Fragment, passagesOf, readPage } from '../../../src/pagefind/page-texts.js'

const CONTENT = 'Git. How to use git. Undo. Take a commit back with git revert. Log. Lists what was done.'
const page: Fragment = {
  url: '/git/',
  content: CONTENT,
  meta: { title: 'Git' },
  anchors: [
    { element: 'h2', id: 'log', text: 'Log', location: 13 },
    { element: 'h2', id: 'undo', text: 'Undo', location: 5 },
    // No heading, and one without a word.
    { element: 'a', id: 'note', text: 'use git', location: 3 },
    { element: 'h3', id: 'empty', text: ' ', location: 6 },
  ],
}

describe('the texts of a page', () => {
  test('are its sections, each under the page’s title and its own heading', () => {
    expect(passagesOf(readPage('en_1', page)).map(({ text, section: { at, id } }) => ({ text, at, id }))).toEqual([
      { text: 'Git\nHow to use git.', at: 0, id: undefined },
      { text: 'Git\nUndo\nTake a commit back with git revert.', at: 5, id: 'undo' },
      { text: 'Git\nLog\nLists what was done.', at: 13, id: 'log' },
    ])
  })

  test('a heading that stands first, as most h1 do, leaves no empty section before it and is no line twice', () => {
    const anchors = [{ element: 'h1', id: 'git', text: 'Git', location: 0 }]
    expect(passagesOf(readPage('en_1', { ...page, anchors })).map(({ text }) => text)).toEqual([`Git\n${CONTENT.slice(5)}`])
  })

  test('are the same to the letter whether they are read from the file or from what data() gives', () => {
    const content = 'Tags. Write <b> and not <i>. Ends.'
    const fromFile = readPage('en_1', { ...page, content, anchors: [] })
    const raw_content = content.replaceAll('<', '&lt;').replaceAll('>', '&gt;')
    expect(readPage('en_1', { ...page, content, raw_content, anchors: [] })).toEqual(fromFile)
    expect(fromFile.sections[0]?.text).toContain('Write <b> and')
  })

  test('in languages without spaces, words are those that Pagefind has marked', () => {
    const content = ['撤销', '提交', '。', '用', 'git', 'revert'].join('\u200B')
    const anchors = [{ element: 'h2', id: 'how', text: '用', location: 3 }]
    expect(readPage('zh_1', { url: '/', content, meta: { title: '手册' }, anchors }).sections).toEqual([
      { at: 0, text: '撤销提交。' },
      { at: 3, id: 'how', heading: '用', text: 'gitrevert' },
    ])
  })

  test('a heading that Pagefind has cut into words, and put a full stop behind, is still one', () => {
    const content = ['推', '送', '. ', '把', '分支', '上传', '。'].join('\u200B')
    expect(readPage('zh_1', { url: '/', content, meta: { title: '推送' } }).sections[0]?.text).toBe('把分支上传。')
    // One that goes on is none.
    const sentence = { url: '/', content: 'Gitless. A tool.', meta: { title: 'Git' } }
    expect(readPage('en_1', sentence).sections[0]?.text).toBe('Gitless. A tool.')
  })

  test('of a long section the beginning; a page without words has none', () => {
    const content = Array.from({ length: 500 }, (_, i) => `w${i}`).join(' ')
    const [section] = readPage('en_1', { url: '/', content, meta: {} }).sections
    expect(section?.text.split(' ')).toHaveLength(80)
    expect(passagesOf(readPage('en_1', { url: '/', content: '', meta: {} }))).toEqual([])
  })
})
