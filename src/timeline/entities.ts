import { defineEntity, p } from '@mikro-orm/postgresql'

const schema = 'projections'

/** What everybody may read of listeners' doings: one by one under their handles, or several people as a group. */
const TimelineEntry = defineEntity({
  name: 'TimelineEntry',
  tableName: 'timeline',
  schema,
  properties: {
    id: p.uuid().primary(),
    /** Of a group the day of the newest. */
    at: p.datetime(3),
    kind: p.text(),
    podcastId: p.uuid(),
    episodeId: p.uuid().nullable(),
    /** Null of a group. */
    handle: p.text().nullable(),
    people: p.integer(),
    comment: p.text().nullable(),
  },
  indexes: [
    { name: 'timeline_at_id', properties: ['at', 'id'] },
    { name: 'timeline_kind_at_id', properties: ['kind', 'at', 'id'] },
    { name: 'timeline_podcast_id_at_id', properties: ['podcastId', 'at', 'id'] },
    { name: 'timeline_episode_id_kind_at_id', properties: ['episodeId', 'kind', 'at', 'id'] },
    { name: 'timeline_handle_at_id', properties: ['handle', 'at', 'id'] },
  ],
})

/** How many did the same on a day without their names: a group, once they are enough. */
const TimelineGroup = defineEntity({
  name: 'TimelineGroup',
  tableName: 'timeline_groups',
  schema,
  properties: {
    kind: p.text().primary(),
    targetId: p.uuid().primary(),
    day: p.date().primary(),
    podcastId: p.uuid(),
    episodeId: p.uuid().nullable(),
    people: p.integer(),
  },
})

export const timelineEntities = [TimelineEntry, TimelineGroup]
