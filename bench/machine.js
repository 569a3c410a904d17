// @ts-check
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism, cpus } from 'node:os'

const require = createRequire(import.meta.url)

/** What a measurement was made on: figures of different machines or versions say nothing of each other. */
export function describeMachine() {
  const theirs = createRequire(require.resolve('@huggingface/transformers'))
  return [
    `${cpus()[0]?.model.trim()}, ${availableParallelism()} cores`,
    `Node ${process.versions.node}`,
    `onnxruntime-node ${version('onnxruntime-node')}`,
    `onnxruntime-web ${version('onnxruntime-web')}`,
    `@huggingface/transformers ${version('@huggingface/transformers')} (onnxruntime-web ${version('onnxruntime-web', theirs)})`,
  ].join('; ')
}

/**
 * @param {string} name of an installed package
 * @param {NodeJS.Require} from as this module sees it
 */
function version(name, from = require) {
  const folder = from.resolve.paths(name)?.find((one) => existsSync(`${one}/${name}/package.json`))
  return JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')).version
}
