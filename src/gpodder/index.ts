import type { Router } from '@koa/router'
import { answer } from '../kernel/endpoint.ts'
import { deviceRoutes } from './devices.ts'
import { type DirectoryParts, directoryRoutes } from './directory.ts'
import { createDoor } from './door.ts'
import { episodeRoutes } from './episodes.ts'
import { listRoutes } from './lists.ts'
import { otherRoutes } from './others.ts'
import { settingRoutes } from './setting-routes.ts'
import { subscriptionRoutes } from './subscriptions.ts'
import { updateRoutes } from './updates.ts'

export { readSince, tellAgain } from './cursor.ts'
export { readBasic, send, sendRefusal } from './door.ts'
export { DoorSetting, DoorStamp } from './entities.ts'
export { changeSubscriptions, subscriptionsSince } from './follow.ts'
export { receiveActions } from './receive.ts'
export type { Sender } from './sender.ts'
export { createSettings } from './settings.ts'
export { createStamps, type Stamps } from './stamps.ts'
export { writeActions } from './stream.ts'
export { type ShownAction, tellActions } from './tell.ts'

/** The gPodder API, version 2: what podcast apps that sync with gpodder.net speak. */
export function gpodderDoor(parts: DirectoryParts): Router {
  const door = createDoor(parts)
  door.on(['post'], '/api/2/auth/:user/login.json', async () => answer(200, {}))
  deviceRoutes(door, parts)
  subscriptionRoutes(door, parts)
  episodeRoutes(door, parts)
  listRoutes(door, parts)
  updateRoutes(door, parts)
  otherRoutes(door, parts)
  settingRoutes(door, parts)
  directoryRoutes(door, parts)
  return door.router
}
