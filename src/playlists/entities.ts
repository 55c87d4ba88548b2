import { defineEntity, p } from '@mikro-orm/postgresql'

export const Playlist = defineEntity({
  name: 'Playlist',
  tableName: 'playlists',
  schema: 'projections',
  properties: {
    userId: p.uuid().primary(),
    playlistId: p.uuid().primary(),
    /** `playlist` or `queue`. */
    kind: p.text(),
    name: p.text(),
    description: p.text().nullable(),
    isPublic: p.boolean(),
    /** In order. */
    items: p.json<{ podcast: string; episode: string }[]>(),
    insertedAt: p.datetime(3),
    updatedAt: p.datetime(3),
    deletedAt: p.datetime(3).nullable(),
    number: p.bigint('number'),
    stamp: p.bigint('number'),
    echo: p.text().nullable(),
  },
  indexes: [{ name: 'playlists_user_id_number', properties: ['userId', 'number'] }],
})
