import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { compileKernels } from './scripts/compile-kernel.js'

/** Files that take a minute and more, and folders by how long theirs take: a long file that starts last keeps one core busy, the other idle. */
const LONGEST = [
  'demo/demo.',
  'browser/fallback.',
  'reference/architectures.',
  'training/',
  'contract/webkit.',
  'browser/faults.',
  'reference/',
  'contract/',
  'demo/',
  'browser/',
  'package/',
  'docs/',
  'vitepress/',
  'node/',
  'unit/',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONGEST.findIndex((start) => moduleId.includes(`/test/${start}`))
      return found < 0 ? LONGEST.length : found
    }
    // Within these as vitest has it: by what it remembers of the last run, else by size.
    return (await super.sort(files)).sort((one, other) => place(one) - place(other))
  }
}

export default defineConfig({
  plugins: [compileKernels()],
  // Tests use the built library, as its users do; the types come from src (tsconfig's paths).
  resolve: {
    alias: [
      {
        find: /^page-rerank\/(node|ai-sdk|langchain|tanstack-ai|mastra)$/,
        replacement: fileURLToPath(new URL('dist/$1.js', import.meta.url)),
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    // Loaded by Node, as an installed package is.
    server: { deps: { external: [/\/dist\/node\.js$/] } },
    testTimeout: 60_000,
    // As long as it takes on a machine that is busy; what is there already is not waited for.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 120_000,
    // A browser with a model keeps a core busy, and continuous integration has two; the third file is for when one of them waits: for
    // the pause before a retry, for a process, for a timer.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
  },
})
