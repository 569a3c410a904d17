import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { compileKernels } from './scripts/compile-kernel.js'

export default defineConfig({
  plugins: [compileKernels()],
  // Tests use the built library, as its users do; the types come from src (tsconfig's paths).
  resolve: { alias: { 'page-rerank/node': fileURLToPath(new URL('dist/node.js', import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two browsers with a model each on two cores would only slow each other down.
    fileParallelism: false,
  },
})
