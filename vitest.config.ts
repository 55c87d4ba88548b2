import { defineConfig } from 'vitest/config'

/** `npm test`: everything but the long runs; a property test makes its short number of runs. */
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/**/*.long.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
})
