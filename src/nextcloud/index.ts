import type { Router } from '@koa/router'
import { createDoor, type DoorParts } from './door.ts'
import { syncRoutes } from './gpoddersync.ts'
import { logInRoutes } from './log-in.ts'
import { probeRoutes } from './probes.ts'

/**
 * A Nextcloud with its app “GPodder Sync”, as far as podcast apps look: log-in flow version 2, what they ask to make
 * sure, and the four calls (https://github.com/thrillfall/nextcloud-gpodder#api).
 */
export function nextcloudDoor(parts: DoorParts): Router {
  const door = createDoor(parts)
  logInRoutes(door, parts)
  probeRoutes(door, parts)
  syncRoutes(door, parts)
  return door.router
}
