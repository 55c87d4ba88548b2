import { rows, type Statement, type Stores, transaction } from '../database/store.ts'
import type { UserId } from '../kernel/brand.ts'
import { after, type Upcasts } from '../kernel/decider.ts'
import type { ReadModel } from '../kernel/read-model.ts'
import type { Slice } from './slice.ts'
import { type EventRow, lockHead, projectStatement, readAfter, readProgress, readStreams } from './statements.ts'
import { toRecorded } from './unit.ts'

type Row = Readonly<Record<string, unknown>>

/** The rows a read model shows for these streams. */
export const rowsOf = (model: ReadModel, streams: readonly { readonly id: string; readonly state: unknown }[]): Row[] =>
  streams.flatMap(({ id, state }) => {
    const row = model.row(id, state)
    return row ? [{ [model.key]: id, ...row }] : []
  })

/** The same as a write takes them: what has nothing to show any more is named as gone. */
export const writtenRowsOf = (
  model: ReadModel,
  streams: readonly { readonly id: string; readonly state: unknown }[],
): Row[] =>
  streams.map(({ id, state }) => {
    const row = model.row(id, state)
    return row ? { [model.key]: id, ...row } : { [model.key]: id, gone: true }
  })

/** Whether some of the rows to write are gone. */
export const hasGone = (modelRows: readonly (readonly Row[])[]): boolean =>
  modelRows.some((some) => some.some((row) => row.gone === true))

export interface ReadModels {
  readonly names: readonly string[]
  /** Makes what the user reads next complete. Free where journal and read models share a database. */
  settle(user: UserId): Promise<void>
  /** The read models' half of a commit in a database of their own; completes them when they had fallen behind. */
  write(
    user: UserId,
    from: number,
    to: number,
    models: readonly ReadModel[],
    modelRows: readonly Row[][],
  ): Promise<void>
  /** Replaces one user's rows by what the journal says, in one transaction: nobody sees a half. Returns events read. */
  rebuild(user: UserId, names?: readonly string[]): Promise<number>
  /** Every user with a journal. */
  users(): AsyncIterable<UserId>
  /** Drops tombstones recorded before a time, after the journal remembers that cursors from before them are void. */
  purgeTombstones(before: number): Promise<number>
}

const page = 2_000

export function createReadModels(stores: Stores, slices: readonly Slice[], upcasts: Upcasts): ReadModels {
  const events = stores.events.pool
  const projections = stores.projections.pool
  const separate = !stores.journalBesideReadModels

  /** Folds all events of the user's streams that show in the wanted read models. */
  async function foldAll(db: typeof events | Parameters<typeof rows>[0], user: UserId, wanted: readonly Slice[]) {
    const byKind = new Map(wanted.map((slice) => [slice.decider.kind, slice]))
    const states = new Map<string, { slice: Slice; id: string; state: unknown }>()
    let last = 0
    let count = 0
    for (;;) {
      const batch = await rows<EventRow>(db, readAfter, [user, last, page])
      for (const row of batch) {
        last = row.number
        count++
        const slash = row.stream.indexOf('/')
        const slice = byKind.get(row.stream.slice(0, slash))
        if (!slice) continue
        const stream = states.get(row.stream) ?? {
          slice,
          id: row.stream.slice(slash + 1),
          state: slice.decider.initial as unknown,
        }
        stream.state = after(slice.decider, stream.state, toRecorded(row, upcasts))
        states.set(row.stream, stream)
      }
      if (batch.length < page) return { states: [...states.values()], last, count }
    }
  }

  async function rebuild(user: UserId, names?: readonly string[]): Promise<number> {
    const wanted = slices.filter((slice) => !names || names.includes(slice.readModel.name))
    // Under the user's lock no writer comes between the reading and the replacing.
    return transaction(events, async (client) => {
      await rows(client, lockHead, [user])
      const { states, last, count } = await foldAll(client, user, wanted)
      const [head] = await rows<{ horizon: number }>(client, readHorizon, [user])
      const replace = async (db: Parameters<typeof rows>[0]) => {
        for (const { readModel } of wanted) {
          await rows(db, clearStatement(readModel), [user])
          const shown = rowsOf(
            readModel,
            states.filter((s) => s.slice.readModel === readModel),
          )
          for (let at = 0; at < shown.length; at += page) {
            await rows(db, insertStatement(readModel), [user, JSON.stringify(shown.slice(at, at + page))])
          }
          if (readModel.tombstone) await rows(db, purgeStatement(readModel), [user, head?.horizon ?? 0])
        }
        if (separate && !names) await rows(db, setProgress, [user, last])
      }
      if (separate) await transaction(projections, replace)
      else await replace(client)
      return count
    })
  }

  /** Brings a user's read models in a database of their own up to the journal: only the streams that moved since. */
  async function complete(user: UserId): Promise<void> {
    for (;;) {
      const [progress] = await rows<{ number: number }>(projections, readProgress, [user])
      const from = progress?.number ?? 0
      const fresh = await rows<EventRow>(events, readAfter, [user, from, page])
      const last = fresh.at(-1)
      if (!last) return
      const moved = [...new Set(fresh.map((row) => row.stream))]
      const history = await rows<EventRow>(events, readStreams, [user, moved])
      const byStream = Map.groupBy(
        history.filter((row) => row.number <= last.number),
        (row) => row.stream,
      )
      const states = moved.flatMap((stream) => {
        const slash = stream.indexOf('/')
        const slice = slices.find((s) => s.decider.kind === stream.slice(0, slash))
        if (!slice) return []
        let state: unknown = slice.decider.initial
        for (const row of byStream.get(stream) ?? []) state = after(slice.decider, state, toRecorded(row, upcasts))
        return [{ slice, id: stream.slice(slash + 1), state }]
      })
      const models = [...new Set(states.map((s) => s.slice.readModel))]
      const modelRows = models.map((model) =>
        writtenRowsOf(
          model,
          states.filter((s) => s.slice.readModel === model),
        ),
      )
      // Whoever wins the guard, the loop sees it and goes on from there.
      await rows(projections, projectStatement(models, hasGone(modelRows)), [
        user,
        from,
        last.number,
        ...modelRows.map((r) => JSON.stringify(r)),
      ])
      // Read models that were dropped begin anew: the tombstones that were purged before must not come back.
      const [head] = await rows<{ horizon: number }>(events, readHorizon, [user])
      if (!head || head.horizon <= from) continue
      for (const model of models)
        if (model.tombstone) await rows(projections, purgeStatement(model), [user, head.horizon])
    }
  }

  return {
    names: slices.map((slice) => slice.readModel.name),
    settle: async (user) => {
      if (separate) await complete(user)
    },
    write: async (user, from, to, models, modelRows) => {
      const values = [user, from, to, ...modelRows.map((r) => JSON.stringify(r))]
      const written = await rows(projections, projectStatement(models, hasGone(modelRows)), values)
      if (written.length === 0) await complete(user)
    },
    rebuild,
    async *users() {
      let after = '00000000-0000-0000-0000-000000000000'
      for (;;) {
        const batch = await rows<{ user: UserId }>(events, readUsers, [after, page])
        for (const { user } of batch) yield user
        after = batch.at(-1)?.user ?? after
        if (batch.length < page) return
      }
    },
    async purgeTombstones(before) {
      let purged = 0
      for (const { readModel } of slices) {
        if (!readModel.tombstone) continue
        const due = await rows<{ user: UserId; number: number }>(projections, dueTombstones(readModel), [
          Math.floor(before / 1000),
        ])
        for (const { user, number } of due) {
          await rows(events, raiseHorizon, [user, number])
          purged += (await rows(projections, purgeStatement(readModel), [user, number])).length
        }
      }
      return purged
    },
  }
}

const readUsers: Statement = {
  name: 'journal-users',
  text: 'select user_id as "user" from events.heads where user_id > $1 order by user_id limit $2',
}
const readHorizon: Statement = {
  name: 'journal-horizon',
  text: 'select horizon from events.heads where user_id = $1',
}
const raiseHorizon: Statement = {
  name: 'journal-raise-horizon',
  text: 'update events.heads set horizon = greatest(horizon, $2) where user_id = $1',
}
const setProgress: Statement = {
  name: 'projections-set-progress',
  text: `insert into projections.progress (user_id, number) values ($1, $2)
    on conflict (user_id) do update set number = excluded.number`,
}

const clearStatement = (model: ReadModel): Statement => ({
  name: `clear-${model.name}`,
  text: `delete from projections.${model.name} where user_id = $1`,
})

const insertStatement = (model: ReadModel): Statement => {
  const names = model.columns.map((c) => c.name)
  return {
    name: `insert-${model.name}`,
    text: `insert into projections.${model.name} (user_id, ${model.key}, ${names.join(', ')})
      select $1, x.${model.key}, ${names.map((n) => `x.${n}`).join(', ')}
      from jsonb_to_recordset($2::jsonb)
        as x(${model.key} ${model.keyType}, ${model.columns.map((c) => `${c.name} ${c.type}`).join(', ')})`,
  }
}

const purgeStatement = (model: ReadModel): Statement => ({
  name: `purge-${model.name}`,
  text: `delete from projections.${model.name} where user_id = $1 and number <= $2 and (${model.tombstone}) returning 1`,
})

const dueTombstones = (model: ReadModel): Statement => ({
  name: `due-${model.name}`,
  text: `select user_id as "user", max(number) as number from projections.${model.name}
    where (${model.tombstone}) and stamp < $1 group by user_id`,
})
