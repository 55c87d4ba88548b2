import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createHosts } from '../../../src/feeds/fetching/hosts.ts'

test('no more than so many run at once, and of one host no more than fewer', async () => {
  const hosts = createHosts({ atOnce: 5, perHost: 2 })
  const running = new Map<string, number>()
  const most = { all: 0, host: 0 }
  const work = (host: string) => async () => {
    running.set(host, (running.get(host) ?? 0) + 1)
    most.all = Math.max(
      most.all,
      [...running.values()].reduce((a, b) => a + b),
    )
    most.host = Math.max(most.host, running.get(host) ?? 0)
    await sleep(5)
    running.set(host, (running.get(host) ?? 0) - 1)
    return host
  }
  const names = Array.from({ length: 60 }, (_, i) => `host ${Math.floor(i / 10)}`)
  expect(await Promise.all(names.map((host) => hosts.run(host, work(host))))).toEqual(names)
  expect(most).toEqual({ all: 5, host: 2 })
})

test('a host without a free place is named, and forgotten when its work is done', async () => {
  const hosts = createHosts({ atOnce: 5, perHost: 2 })
  const waits = Promise.withResolvers<void>()
  const done = [
    hosts.run('a', () => waits.promise),
    hosts.run('a', () => waits.promise),
    hosts.run('b', () => waits.promise),
  ]
  expect([hosts.full(), hosts.free()]).toEqual([['a'], 2])
  waits.resolve()
  await Promise.all(done)
  expect([hosts.full(), hosts.free()]).toEqual([[], 5])
})

test('work that fails makes room all the same', async () => {
  const hosts = createHosts({ atOnce: 1, perHost: 1 })
  await expect(hosts.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await hosts.run('a', async () => 'yes')).toBe('yes')
})

test('a place is free when the promise of its work resolves, not a moment later', async () => {
  const hosts = createHosts({ atOnce: 1, perHost: 1 })
  const after = hosts.run('a', async () => {}).then(() => [hosts.full(), hosts.free()])
  expect(await after).toEqual([[], 1])
  const failed = hosts.run('a', () => Promise.reject(new Error('no'))).catch(() => [hosts.full(), hosts.free()])
  expect(await failed).toEqual([[], 1])
})
