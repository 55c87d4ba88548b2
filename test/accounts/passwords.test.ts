import * as argon2 from '@node-rs/argon2'
import { expect, test, vi } from 'vitest'
import { passwordMatches } from '../../src/accounts/passwords.ts'

vi.mock('@node-rs/argon2', { spy: true })

test('a flood of log-ins works out three hashes at once at most, and each gets its answer', async () => {
  const real = await vi.importActual<typeof argon2>('@node-rs/argon2')
  const right = await real.hash('the right one', { memoryCost: 1024, timeCost: 1 })
  let running = 0
  let most = 0
  vi.mocked(argon2.verify).mockImplementation(async (...args) => {
    most = Math.max(most, ++running)
    return real.verify(...args).finally(() => running--)
  })
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, n) => passwordMatches(right, n % 2 ? 'the right one' : 'a wrong one')),
  )
  expect(answers).toEqual(Array.from({ length: 30 }, (_, n) => n % 2 === 1))
  expect(most).toBeGreaterThan(0)
  expect(most).toBeLessThanOrEqual(3)
})
