/** What became of a look at a feed. */
export type Looked = 'changed' | 'unchanged' | 'failed' | 'lost'

/** Who counts what a process' looks at feeds come to. */
export interface FeedWatch {
  /** A feed was asked for: milliseconds it took, bytes of what came, unpacked. */
  fetched(ms: number, bytes: number): void
  looked(outcome: Looked): void
}
