/**
 * SHA-256 (FIPS 180-4) of bytes that come in pieces. `crypto.subtle` wants them all at once and copies them, which for
 * weights means a second copy in memory; it is also missing on insecure pages. Libraries for it (@noble/hashes 2.4: as fast)
 * would add 4 kB gzip to what every page loads.
 */
export class Sha256 {
  readonly #state = Int32Array.from(INITIAL)
  readonly #words = new Int32Array(64)
  readonly #block = new Uint8Array(BLOCK)
  #length = 0

  update(bytes: Uint8Array): this {
    let start = 0
    const open = this.#length % BLOCK
    this.#length += bytes.length
    if (open > 0) {
      start = Math.min(BLOCK - open, bytes.length)
      this.#block.set(bytes.subarray(0, start), open)
      if (open + start < BLOCK) return this
      this.#compress(this.#block, 0)
    }
    for (; start + BLOCK <= bytes.length; start += BLOCK) this.#compress(bytes, start)
    this.#block.set(bytes.subarray(start))
    return this
  }

  /** Lower-case hex; the object is used up. */
  digest(): string {
    const bits = this.#length * 8
    const padding = new Uint8Array(BLOCK + 8 - ((this.#length + 8) % BLOCK))
    padding[0] = 0x80
    const view = new DataView(padding.buffer)
    view.setUint32(padding.length - 8, Math.floor(bits / 2 ** 32))
    view.setUint32(padding.length - 4, bits >>> 0)
    this.update(padding)
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
  }

  #compress(bytes: Uint8Array, at: number): void {
    const w = this.#words
    for (let i = 0; i < 16; i++, at += 4) {
      w[i] =
        ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15] as number
      const y = w[i - 2] as number
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
      w[i] = (w[i - 16] as number) + s0 + (w[i - 7] as number) + s1
    }
    // Single variables and no array methods: this runs for every 64 bytes of the weights.
    const state = this.#state
    let a = state[0] as number
    let b = state[1] as number
    let c = state[2] as number
    let d = state[3] as number
    let e = state[4] as number
    let f = state[5] as number
    let g = state[6] as number
    let h = state[7] as number
    for (let i = 0; i < 64; i++) {
      const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
      const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (ROUNDS[i] as number) + (w[i] as number)) | 0
      const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
      const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
      h = g
      g = f
      f = e
      e = (d + t1) | 0
      d = c
      c = b
      b = a
      a = (t1 + t2) | 0
    }
    state[0] = (state[0] as number) + a
    state[1] = (state[1] as number) + b
    state[2] = (state[2] as number) + c
    state[3] = (state[3] as number) + d
    state[4] = (state[4] as number) + e
    state[5] = (state[5] as number) + f
    state[6] = (state[6] as number) + g
    state[7] = (state[7] as number) + h
  }
}

const BLOCK = 64

const PRIMES = firstPrimes(64)
const INITIAL = PRIMES.slice(0, 8).map((prime) => fraction(Math.sqrt(prime)))
const ROUNDS = Int32Array.from(PRIMES, (prime) => fraction(Math.cbrt(prime)))

/** The first 32 bits behind the point. A double carries 52 bits behind roots this small, so the product is exact. */
function fraction(root: number): number {
  return ((root - Math.floor(root)) * 2 ** 32) >>> 0
}

function firstPrimes(count: number): number[] {
  const primes: number[] = []
  for (let n = 2; primes.length < count; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  return primes
}
