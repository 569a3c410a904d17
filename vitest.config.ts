import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // Two browsers with a model each on two cores would only slow each other down.
    fileParallelism: false,
  },
})
