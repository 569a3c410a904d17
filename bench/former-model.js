// @ts-check
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The last commit whose page-rerank-small-en is a cross-encoder. */
const COMMIT = 'd3e73d8'
const FROM = 'public/models/page-rerank-small-en'
const root = fileURLToPath(new URL('..', import.meta.url))

/** Folder under the repository's root, which git ignores. */
export const FORMER_FOLDER = '.cache/models'
export const FORMER_MODEL = 'page-rerank-small-en-cross-encoder'

/**
 * Take the bundled model's former files, a cross-encoder, out of the history: 23 MB, once. As by hand
 * `git show d3e73d8:public/models/page-rerank-small-en/onnx/model_quantized.onnx > …`, for each file.
 */
export function fetchFormerModel() {
  const target = join(root, FORMER_FOLDER, FORMER_MODEL)
  if (existsSync(target)) return
  const partial = `${target}.partial`
  rmSync(partial, { recursive: true, force: true })
  for (const file of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'page-rerank.json', 'onnx/model_quantized.onnx']) {
    const path = join(partial, file)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, show(`${COMMIT}:${FROM}/${file}`))
  }
  renameSync(partial, target)
}

/** @param {string} object */
function show(object) {
  try {
    return execFileSync('git', ['show', object], { cwd: root, maxBuffer: 2 ** 26, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (cause) {
    throw new Error(`The former model is in git's history, and ${object} cannot be had: fetch the whole history (git fetch --unshallow).`, {
      cause,
    })
  }
}
