/**
 * How many runs a property test makes: `npm test` takes the first number, `npm run test:long` the second.
 *
 * @example fc.assert(fc.property(edits, converges), { numRuns: runs(100, 1_000) })
 */
export const runs = (short: number, long: number): number => (process.env.BALADOS_TEST_LONG === '1' ? long : short)
