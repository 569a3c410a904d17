import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { compileKernels } from './scripts/compile-kernel.js'

/** Folders by how long their files take, longest first: a long file that starts last keeps one worker busy and the others idle. */
const FOLDERS = ['training', 'demo', 'reference', 'contract', 'browser', 'package', 'search', 'node', 'unit']

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => FOLDERS.findIndex((folder) => moduleId.includes(`/test/${folder}/`))
    // Within a folder as vitest has it: by what it remembers of the last run, else by size.
    return (await super.sort(files)).sort((one, other) => place(one) - place(other))
  }
}

export default defineConfig({
  plugins: [compileKernels()],
  // Tests use the built library, as its users do; the types come from src (tsconfig's paths).
  resolve: { alias: { 'page-rerank/node': fileURLToPath(new URL('dist/node.js', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // A browser with a model keeps a core busy; more of them than two would only slow each other down.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
})
