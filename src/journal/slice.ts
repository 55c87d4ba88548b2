import type { Decider } from '../kernel/decider.ts'
import type { ReadModel } from '../kernel/read-model.ts'

/** A kind of stream, and the read model that shows it. */
export interface Slice {
  // biome-ignore lint/suspicious/noExplicitAny: slices of different states and commands stand in one list
  readonly decider: Decider<any, any, any>
  readonly readModel: ReadModel
}
