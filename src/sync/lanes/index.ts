import type { AnyLane } from '../lane.ts'
import { collectionLane, playlistLane } from './lists.ts'
import { playLane } from './plays.ts'
import { privacyLane } from './privacy.ts'
import { saveLane } from './saves.ts'
import { subscriptionLane } from './subscriptions.ts'

/** In the order they are applied: what is followed before what is made of it. */
export const lanes: readonly AnyLane[] = [
  subscriptionLane,
  playLane,
  playlistLane,
  collectionLane,
  privacyLane,
  saveLane,
]
