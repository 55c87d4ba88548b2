import { z } from 'zod'
import type { Listening } from '../journal/listening.ts'
import type { Guids } from '../podcast/guids.ts'
import type { Deletions } from './deletions.ts'

/** What the endpoints of this door work with. */
export interface DoorParts {
  readonly listening: Listening
  readonly guids: Guids
  readonly deletions: Deletions
  /** What people and apps reach the instance by. */
  readonly publicUrl: string
}

/** A guid in a path: a UUID of whatever version, in whatever case. */
export const guidInPath = z.object({ guid: z.guid().transform((guid) => guid.toLowerCase()) })
