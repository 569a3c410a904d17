// @ts-nocheck: what it has is typed where it is used
// What the tests of the element have in their page: hits, and a reranker that answers by hand.
import '/dist/component.js'

export const HITS = [
  {
    id: 'idle',
    title: 'Idle detection',
    body: 'Tells a page when a person has left the keyboard and the screen has locked itself.',
    url: '/docs/idle',
    note: 'Device › Idle Detection API',
  },
  {
    id: 'lamp',
    title: 'Screen brightness',
    body: 'There is no way for a page to change how bright the screen is; an operating system keeps that to itself.',
    url: '/docs/brightness',
    note: 'Device',
  },
  {
    id: 'wake',
    title: 'WakeLock.request()',
    body: 'Modern browsers have several ways to save power. A page that shows a recipe or a map can request a wake lock: it prevents the device from dimming or locking the screen while the page is visible. It is released when the tab is hidden.',
    url: '/docs/wakelock',
    note: 'Device › Screen Wake Lock API',
  },
  {
    id: 'full',
    title: 'Element.requestFullscreen()',
    body: 'Asks the browser to show an element on the whole screen. It has to be called from an event of a person.',
    url: '/docs/fullscreen',
    note: 'Display',
  },
  {
    id: 'capture',
    title: 'Screen capture',
    body: 'getDisplayMedia() asks which screen, window or tab is to be recorded.',
    url: '/docs/capture',
    note: 'Media',
  },
]

/** The best hit last, and the words that answer. */
export function fakeReranker({ wait = 0, fails = false, isHeld = false } = {}) {
  const held = new Promise((resolve) => {
    globalThis.answer = resolve
    if (!isHeld) resolve()
  })
  return {
    info: { kind: 'late-interaction' },
    async rerank(_, documents, { text, signal, topN }) {
      await new Promise((resolve) => setTimeout(resolve, wait))
      await held
      signal.throwIfAborted()
      if (fails) throw new Error('The device was lost.')
      const order = documents.map((document, index) => ({ document, index, text: text(document, index) }))
      order.sort((a, b) => Number(b.document.id === 'wake') - Number(a.document.id === 'wake'))
      const results = order.slice(0, topN).map(({ document, index, text }, i) => {
        const matches = [...text.matchAll(/lock(?:ing)?|dimming|screen|prevents|request/gi)].map((one, i) => ({
          start: one.index,
          end: one.index + one[0].length,
          weight: [0.9, 0.5, 0.7, 0.3][i % 4],
          query: { start: 0, end: 4 },
        }))
        const start = text.indexOf('A page that shows')
        const sentence = start < 0 ? undefined : { start, end: text.indexOf('It is released'), text: '' }
        return { document, index, rank: i + 1, scored: true, score: 0.9, logit: 2 - i, matches, ...(sentence && { sentence }) }
      })
      return { results, unscored: 0 }
    },
    async prepare() {},
    async dispose() {},
  }
}

export const item = ({ title, body, url, note }) => ({ title, text: body, url, note })
Object.assign(globalThis, { HITS, fakeReranker, item })
