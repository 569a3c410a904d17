// @ts-check
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Copied, not bundled; says of itself only "MIT", so the copyright line is its repository's. */
const ONNX_RUNTIME = {
  path: 'node_modules/onnxruntime-web',
  copyright: 'Copyright (c) Microsoft Corporation',
  note: 'Files in ort/. ONNX Runtime contains code of others: https://github.com/microsoft/onnxruntime/blob/main/ThirdPartyNotices.txt',
}

const MIT = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
"Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to
the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF
MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR
ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH
THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.`

/**
 * Writes dist/THIRD-PARTY-NOTICES.txt: the licence of every package whose code is in the bundles, as the bundler knows them.
 *
 * @returns {import('rolldown').Plugin}
 */
export function thirdPartyNotices() {
  const packages = new Set([ONNX_RUNTIME.path])
  return {
    name: 'third-party-notices',
    writeBundle(_, bundle) {
      for (const output of Object.values(bundle)) {
        for (const id of output.type === 'chunk' ? output.moduleIds : []) {
          const path = /node_modules\/(?:@[^/]+\/)?[^/]+(?=\/(?!.*node_modules\/))/.exec(id.replaceAll('\\', '/'))?.[0]
          if (path) packages.add(path)
        }
      }
      // Again after each bundle: the last one has them all.
      const notices = [...packages].sort().map(notice)
      const head = 'This folder contains code of the packages below, each under its own licence.'
      writeFileSync('dist/THIRD-PARTY-NOTICES.txt', `${[head, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
    },
  }
}

/** @param {string} path folder of a package */
function notice(path) {
  const { name, version, license } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  const note = path === ONNX_RUNTIME.path ? `${ONNX_RUNTIME.note}\n` : ''
  return `${name} ${version} (${license})\n${note}\n${licenceText(path, license)}`
}

/**
 * @param {string} path
 * @param {string} license
 */
function licenceText(path, license) {
  const files = readdirSync(path).filter((file) => /^(licen[cs]e|notice)/i.test(file))
  if (files.length > 0) return files.map((file) => readFileSync(join(path, file), 'utf8').trim()).join('\n\n')
  if (path === ONNX_RUNTIME.path && license === 'MIT') return `${ONNX_RUNTIME.copyright}\n\n${MIT}`
  // A package that is bundled must not lose its licence in silence.
  throw new Error(`${path} is bundled and has no licence file.`)
}
