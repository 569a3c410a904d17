/**
 * N items drawn without replacement, in their own order. The same seed draws the same items on every machine.
 *
 * @param seed any whole number
 */
export function sample<T>(items: readonly T[], count: number, seed: number): T[] {
  const random = mulberry32(seed)
  const places = items.map((_, index) => index)
  // The first steps of a Fisher-Yates shuffle.
  for (let i = 0; i < Math.min(count, places.length); i++) {
    const j = i + Math.floor(random() * (places.length - i))
    const swapped = places[i] as number
    places[i] = places[j] as number
    places[j] = swapped
  }
  return places
    .slice(0, count)
    .sort((a, b) => a - b)
    .map((index) => items[index] as T)
}

/** Small seeded generator of numbers in [0, 1); Math.random cannot be seeded. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
