import { defineEntity, p } from '@mikro-orm/postgresql'
import { User } from '../accounts/index.ts'

/** A subscription that its listener does not only leave but wants out of the answers. */
export const OpenPodcastDeletion = defineEntity({
  name: 'OpenPodcastDeletion',
  tableName: 'open_podcast_deletions',
  schema: 'system',
  properties: {
    userId: () => p.manyToOne(User).mapToPk().primary().joinColumn('user_id').deleteRule('cascade'),
    /** The user's number of the event that left the podcast. */
    id: p.bigint('number').primary(),
    podcastId: p.uuid(),
    /** When the podcast was left: whoever follows it later has it back. */
    leftAt: p.datetime(3),
    deletedAt: p.datetime(3),
  },
})
