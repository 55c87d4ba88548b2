import { defineConfig } from 'vitest/config'

/** `npm run test:long`: the drills, and the property tests once more with their long number of runs. */
export default defineConfig({
  test: {
    include: ['test/**/*.long.test.ts', 'test/**/*.property.test.ts'],
    env: { BALADOS_TEST_LONG: '1' },
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    maxConcurrency: 2,
    testTimeout: 900_000,
    hookTimeout: 60_000,
  },
})
