import PQueue from 'p-queue'

/** How many feeds are fetched at once, by this process and from one host. */
export interface Manners {
  readonly atOnce: number
  readonly perHost: number
}

export const ordinaryManners: Manners = { atOnce: 16, perHost: 2 }

/** Lets fetches happen side by side without being a burden to any host. */
export interface Hosts {
  /** Does the work when this process and the host have a place free. */
  run<T>(host: string, work: () => Promise<T>): Promise<T>
  /** Places free in this process. */
  free(): number
  /** Hosts without a free place. */
  full(): readonly string[]
}

export function createHosts({ atOnce, perHost }: Manners): Hosts {
  const all = new PQueue({ concurrency: atOnce })
  const queues = new Map<string, PQueue>()
  const load = (queue: PQueue): number => queue.pending + queue.size
  return {
    run: (host, work) => {
      const queue = queues.get(host) ?? new PQueue({ concurrency: perHost })
      queues.set(host, queue)
      const done = queue.add(() => all.add(work))
      const forget = () => {
        if (load(queue) === 0 && queues.get(host) === queue) queues.delete(host)
      }
      void queue.onIdle().then(forget)
      return done
    },
    free: () => Math.max(0, atOnce - [...queues.values()].reduce((sum, queue) => sum + load(queue), 0)),
    full: () => [...queues].filter(([, queue]) => load(queue) >= perHost).map(([host]) => host),
  }
}
