import { describe, expect, test } from 'vitest'
import { FirstStage, tokens } from '../../src/demo/first-stage.js'

const entries = [
  { id: 'WakeLock.request', title: 'WakeLock.request()', text: 'Asks for a lock on the screen.', kind: 'method' },
  { id: 'Window.alert', title: 'Window.alert()', text: 'Shows a message.', kind: 'method' },
  { id: 'HTMLElement', title: 'HTMLElement', text: 'Any element.', kind: 'interface' },
]

describe('tokens', () => {
  test('a name is found whole and in its parts, each where it stands', () => {
    expect(tokens('WakeLock.request')).toEqual([
      { word: 'WakeLock', start: 0 },
      { word: 'Wake', start: 0 },
      { word: 'Lock', start: 4 },
      { word: 'request', start: 9 },
    ])
    expect(tokens('HTMLElement').map(({ word }) => word)).toEqual(['HTMLElement', 'HTML', 'Element'])
    expect(tokens('日本 ~ naïve').map(({ word }) => word)).toEqual(['日本', 'naïve'])
  })
})

describe('FirstStage', () => {
  test('finds parts of names, unfinished last words and, where nothing fits, near misses', async () => {
    const firstStage = new FirstStage()
    await firstStage.add(entries)
    const ids = (query: string) => [...firstStage.search(query, 10).places].map((at) => entries[at]?.id)
    expect(ids('wake')).toEqual(['WakeLock.request'])
    expect(ids('show a mess')[0]).toBe('Window.alert')
    expect(ids('mesage')).toEqual(['Window.alert'])
    expect(ids('zebra')).toEqual([])
  })

  test('gives the places of all matches, and the words of the best ones', async () => {
    const firstStage = new FirstStage()
    await firstStage.add(entries)
    const { places, terms } = firstStage.search('a element', 1)
    expect([...places].sort()).toEqual([0, 1, 2])
    expect(terms).toHaveLength(1)
    expect(terms[0]).toContain('element')
  })
})
