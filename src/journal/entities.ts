import { defineEntity, p } from '@mikro-orm/postgresql'

const schema = 'events'

/** One row: which life of the journal this is (a restore starts a new epoch), and the last global position given. */
const JournalStore = defineEntity({
  name: 'JournalStore',
  tableName: 'store',
  schema,
  properties: {
    id: p.smallint().primary().autoincrement(false),
    epoch: p.uuid(),
    position: p.bigint('number').default(0),
  },
})

/** The head of one user's journal: locking it is what puts that user's writers in line. */
const JournalHead = defineEntity({
  name: 'JournalHead',
  tableName: 'heads',
  schema,
  properties: {
    userId: p.uuid().primary(),
    lastNumber: p.bigint('number').default(0),
    lastStamp: p.bigint('number').default(0),
    /** Tombstones up to this number are gone: a cursor from before it can't be told what it missed. */
    horizon: p.bigint('number').default(0),
  },
})

const StoredEvent = defineEntity({
  name: 'StoredEvent',
  tableName: 'events',
  schema,
  properties: {
    userId: p.uuid().primary(),
    number: p.bigint('number').primary(),
    id: p.uuid(),
    stream: p.text().collation('C'),
    type: p.text(),
    version: p.smallint(),
    data: p.json<unknown>(),
    app: p.text(),
    device: p.text().nullable(),
    stamp: p.bigint('number'),
    recordedAt: p.datetime(3),
  },
  uniques: [{ name: 'events_user_id_id', properties: ['userId', 'id'] }],
  indexes: [
    { name: 'events_user_id_stream_number', properties: ['userId', 'stream', 'number'] },
    {
      name: 'events_user_id_podcast_number',
      expression: `create index events_user_id_podcast_number on events.events
        (user_id, (data ->> 'podcast') collate "C", number) where data ->> 'podcast' is not null`,
    },
  ],
})

/** Appends that have no global position yet. */
const Arrival = defineEntity({
  name: 'Arrival',
  tableName: 'arrivals',
  schema,
  properties: {
    id: p.bigint('number').primary().autoincrement(),
    userId: p.uuid(),
    first: p.bigint('number'),
    last: p.bigint('number'),
  },
})

/** Where an event stands among those of all users. */
const Position = defineEntity({
  name: 'Position',
  tableName: 'positions',
  schema,
  properties: {
    position: p.bigint('number').primary().autoincrement(false),
    userId: p.uuid(),
    number: p.bigint('number'),
  },
})

/** First answers to idempotency keys, kept 24 hours. Key and request are keyed hashes. */
const StoredAnswer = defineEntity({
  name: 'StoredAnswer',
  tableName: 'answers',
  schema,
  properties: {
    userId: p.uuid().primary(),
    key: p.uuid().primary(),
    request: p.uuid(),
    /** `json`, not `jsonb`: the first answer is given again to the letter. */
    answer: p.json<unknown>().columnType('json'),
    recordedAt: p.datetime(3),
  },
  indexes: [{ name: 'answers_recorded_at', properties: ['recordedAt'] }],
})

/** Edits that were heard and changed nothing: a device that repeats one later is not heard twice. */
const HeardEdit = defineEntity({
  name: 'HeardEdit',
  tableName: 'heard',
  schema,
  properties: {
    userId: p.uuid().primary(),
    id: p.uuid().primary(),
    stream: p.text(),
    recordedAt: p.datetime(3),
  },
  indexes: [{ name: 'heard_recorded_at', properties: ['recordedAt'] }],
})

/** How far a separate database of read models has come with one user's events. */
export const Progress = defineEntity({
  name: 'Progress',
  tableName: 'progress',
  schema: 'projections',
  properties: { userId: p.uuid().primary(), number: p.bigint('number') },
})

const follower = {
  name: p.text().primary(),
  position: p.bigint('number').default(0),
  /** Set when the follower met an event it can't apply and stopped before it. */
  stoppedAt: p.bigint('number').nullable(),
  reason: p.text().nullable(),
  updatedAt: p.datetime(3),
}

/** Checkpoints of followers whose effects stand in `projections`. */
export const ProjectionFollower = defineEntity({
  name: 'ProjectionFollower',
  tableName: 'followers',
  schema: 'projections',
  properties: follower,
})

/** Checkpoints of followers that act on the outside, and so are permanent. */
export const SystemFollower = defineEntity({
  name: 'SystemFollower',
  tableName: 'followers',
  schema: 'system',
  properties: follower,
})

export const journalEntities = [JournalStore, JournalHead, StoredEvent, Arrival, Position, StoredAnswer, HeardEdit]
