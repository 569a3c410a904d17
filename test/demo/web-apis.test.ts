import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { extractWebApis } from '../../src/demo/corpus/web-apis.js'

const mdn = 'https://developer.mozilla.org/docs/Web/API'

describe('extractWebApis', () => {
  test('takes interfaces and members, with their sentences as plain text', () => {
    const source = `
/**
 * The **\`Lamp\`** interface lights the [room](/docs/Room).
 * Available only in secure contexts.
 *
 * [MDN Reference](${mdn}/Lamp)
 */
interface Lamp {
    /**
     * The **\`on\`** property { is; odd } and 'open.
     *
     * [MDN Reference](${mdn}/Lamp/on)
     */
    readonly on: boolean;
    /**
     * The **\`dim()\`** method dims.
     * @deprecated Use something else.
     *
     * [MDN Reference](${mdn}/Lamp/dim)
     */
    dim(options: { /** Not a name of its own. */ level: number; }): void;
}`
    expect(extractWebApis(source)).toEqual([
      {
        id: 'Lamp',
        title: 'Lamp',
        text: 'The Lamp interface lights the room. Available only in secure contexts.',
        kind: 'interface',
        url: `${mdn}/Lamp`,
      },
      { id: 'Lamp.on', title: 'Lamp.on', text: "The on property { is; odd } and 'open.", kind: 'property', url: `${mdn}/Lamp/on` },
      { id: 'Lamp.dim', title: 'Lamp.dim()', text: 'The dim() method dims.', kind: 'method', url: `${mdn}/Lamp/dim`, deprecated: true },
    ])
  })

  test('leaves out what has no sentence or no link', () => {
    const source = `interface Lamp {\n/** [MDN Reference](${mdn}/Lamp/on) */\non: boolean;\n/** A sentence. */\noff: boolean;\nplain: "/** no comment */";\n}`
    expect(extractWebApis(source)).toEqual([])
  })

  test('names mixins and globals after the object people know, and says each once', () => {
    const comment = `/**\n * Closes it.\n *\n * [MDN Reference](${mdn}/Window/close)\n */\n`
    const source = `interface WindowMixin {\n${comment}close(): void;\n${comment}close(force: boolean): void;\n}\n${comment}declare function close(): void;`
    expect(extractWebApis(source)).toMatchObject([{ id: 'Window.close', title: 'Window.close()', kind: 'method' }])
  })

  test('tells static methods, accessors and CSS properties from the rest', () => {
    const doc = (path: string) => `/**\n * A sentence.\n *\n * [MDN Reference](https://developer.mozilla.org/docs/Web/${path})\n */\n`
    const source = `declare var Lamp: {\n${doc('API/Lamp/all_static')}all(): Lamp[];\n};
interface Lamp {\n${doc('API/Lamp/media')}get media(): Media;\nset media(text: string);\n}
interface CSSStyleProperties {\n${doc('CSS/Reference/Properties/touch-action')}touchAction: string;\n}
declare namespace Wasm {\ninterface Trap {\n${doc('Elsewhere/stack')}readonly stack: string | undefined;\n}\n}`
    expect(extractWebApis(source)).toMatchObject([
      { id: 'Lamp.all', title: 'Lamp.all()', kind: 'static method' },
      { id: 'Lamp.media', title: 'Lamp.media', kind: 'property' },
      { id: 'css:touch-action', title: 'touch-action', kind: 'CSS property' },
      { id: 'Wasm.Trap.stack', title: 'Wasm.Trap.stack', kind: 'property' },
    ])
  })

  test('reads the real file: thousands of entries, no id and no address twice, no marks left in the text', () => {
    const entries = extractWebApis(readFileSync(createRequire(import.meta.url).resolve('@types/web/index.d.ts'), 'utf8'))
    expect(entries.length).toBeGreaterThan(4500)
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length)
    expect(new Set(entries.map(({ url }) => url)).size).toBe(entries.length)
    expect(entries.filter(({ text }) => /\*\*|`|MDN Reference|@deprecated/.test(text))).toEqual([])
    for (const id of ['WakeLock', 'WakeLock.request', 'AbortSignal.timeout', 'Window.alert', 'css:object-fit']) {
      expect(entries.map((entry) => entry.id)).toContain(id)
    }
  })
})
