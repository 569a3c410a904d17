import type { FileFacts } from '../describe/manifest.js'
import type { PartialFile } from './partial-file.js'
import { verifyFile } from './verify.js'

/** Collects a file in memory, in place where the size is known: never two copies of the weights. */
export class MemoryPartialFile implements PartialFile {
  #bytes = new Uint8Array(0)
  #length = 0
  #version: string | undefined

  get length(): number {
    return this.#length
  }

  get version(): string | undefined {
    return this.#version
  }

  /** What has arrived; all of the file once it is verified. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.slice(0, this.#length)
  }

  async restart(version: string | undefined, total: number): Promise<void> {
    this.#version = version
    this.#length = 0
    if (this.#bytes.length !== total) this.#bytes = new Uint8Array(total)
  }

  async append(bytes: Uint8Array): Promise<void> {
    const length = this.#length + bytes.length
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(length, this.#bytes.length * 2))
      larger.set(this.#bytes.subarray(0, this.#length))
      this.#bytes = larger
    }
    this.#bytes.set(bytes, this.#length)
    this.#length = length
  }

  verify(file: string, facts: FileFacts): Promise<void> {
    return verifyFile(file, this.bytes, facts)
  }

  discard(): Promise<void> {
    return this.restart(undefined, 0)
  }
}
