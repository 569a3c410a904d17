import { ModelLoadError } from '../../errors.js'
import type { FileFacts } from '../describe/manifest.js'
import { formatBytes } from '../format-bytes.js'
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
    if (this.#bytes.length !== total) this.#bytes = allocate(total)
  }

  async append(bytes: Uint8Array): Promise<void> {
    const length = this.#length + bytes.length
    if (length > this.#bytes.length) {
      const larger = allocate(Math.max(length, this.#bytes.length * 2))
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

/** @throws ModelLoadError (`does-not-fit`) */
function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  try {
    return new Uint8Array(bytes)
  } catch (cause) {
    throw new ModelLoadError('does-not-fit', `There is no memory for a file of ${formatBytes(bytes)}. Choose a smaller model or dtype.`, {
      cause,
    })
  }
}
