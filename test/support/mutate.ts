import type { Random } from './random.js'

/** What JSON from elsewhere may hold where something else is expected. */
const ODD: unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e9, 1e308, -1e308, 2 ** 53],
  ...['', ' ', '../x', '/x', 'file:///x', '//x', 'x\u0000y', '__proto__', 'constructor', '\ud800', 'x'.repeat(30_000)],
  ...[[], {}, [[]], [null], { __proto__: null, length: 5 }, Array.from({ length: 20_000 }, () => 1)],
]

/** As JSON.parse makes them, `__proto__` too. */
const OWN = { enumerable: true, configurable: true, writable: true }

/** A copy of a JSON value with a few places replaced, left out, doubled or exchanged. */
export function mutateJson(value: unknown, random: Random, odd: readonly unknown[] = ODD): unknown {
  let copy = structuredClone(value)
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const places = containersIn(copy)
    const place = random.pick(places)
    if (!place) return random.pick(odd)
    const key = random.pick(Object.keys(place)) ?? 'x'
    const container = place as Record<string, unknown>
    switch (random.below(6)) {
      case 0:
        if (Array.isArray(place)) place.splice(Number(key), 1)
        else delete container[key]
        break
      case 1:
        if (Array.isArray(place)) place.push(random.pick(odd))
        else Object.defineProperty(place, random.pick(['__proto__', 'constructor', 'length', 'x']), { ...OWN, value: random.pick(odd) })
        break
      case 2: {
        const other = random.pick(places) as Record<string, unknown>
        container[key] = structuredClone(other[random.pick(Object.keys(other)) ?? ''] ?? null)
        break
      }
      case 3:
        if (random.below(20) === 0) copy = random.pick(odd)
        break
      default:
        container[key] = random.pick(odd)
    }
  }
  return copy
}

/** Objects and lists in it, each kind of place as likely as the other, however long the lists are. */
function containersIn(value: unknown): object[] {
  const found: object[] = []
  const visit = (one: unknown, depth: number): void => {
    if (typeof one !== 'object' || one === null || depth > 8 || found.length > 3000) return
    found.push(one)
    for (const inner of Object.values(one).slice(0, 30)) visit(inner, depth + 1)
  }
  visit(value, 0)
  return found
}

/** Bytes with a few of them changed, cut off, put in or doubled. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array<ArrayBuffer> {
  let copy: Uint8Array<ArrayBuffer> = Uint8Array.from(bytes)
  for (let changes = 1 + random.below(8); changes > 0; changes--) {
    const at = random.below(copy.length + 1)
    switch (random.below(5)) {
      case 0:
        copy = copy.slice(0, at)
        break
      case 1:
        copy = Buffer.concat([
          copy.subarray(0, at),
          Buffer.from(Array.from({ length: random.below(12) }, () => random.below(256))),
          copy.subarray(at),
        ])
        break
      case 2:
        copy = Buffer.concat([copy.subarray(0, at), copy.subarray(random.below(at + 1))])
        break
      default:
        if (copy.length > 0) copy[at % copy.length] = random.pick([0, 0xff, 0x7f, 0x80, random.below(256)])
    }
  }
  return copy
}
