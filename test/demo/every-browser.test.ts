import { afterAll, beforeAll, expect, test } from 'vitest'
import { browserNames } from '../../scripts/browsers.js'
import { type BrowserPage, describeInBrowser, launch } from '../support/every-browser.js'
import { serve, type TestServer } from '../support/server.js'

/** Enough for a slow machine that is busy with something else. */
const LOADED_MS = 120_000
const QUESTION = 'copy some words so the user can paste them somewhere else'

for (const name of browserNames)
  describeInBrowser(name, () => {
    let server: TestServer
    let page: BrowserPage

    beforeAll(async () => {
      server = await serve({ folders: { '/': 'demo-dist' } })
      page = await launch(name)
    })

    afterAll(async () => {
      await page?.close()
      await server?.close()
    })

    test(
      'a question typed into the demo has its answer first, where the first stage has another',
      async () => {
        await page.goto(`${server.origin}/?pool=20`)
        await page.type('[data-testid="query"]', QUESTION)
        const read = () =>
          page.evaluate(() => {
            const first = (list: string) => document.querySelector<HTMLElement>(`[data-testid="${list}"] [data-doc-id]`)?.dataset.docId
            return {
              state: document.querySelector<HTMLElement>('[data-testid="reranked"]')?.dataset.state,
              firstStage: first('first-stage'),
              reranked: first('reranked'),
            }
          })
        await expect.poll(read, { timeout: LOADED_MS, interval: 200 }).toMatchObject({ state: 'done', reranked: 'Clipboard' })
        expect((await read()).firstStage).not.toBe('Clipboard')
      },
      LOADED_MS + 10_000,
    )
  })
