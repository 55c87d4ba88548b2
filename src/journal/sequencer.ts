import { rows, type Statement, type Store } from '../database/store.ts'

/**
 * Gives committed events their place among those of all users, in batches, one sequencer at a time. An append leaves
 * an arrival; whoever turns arrivals into positions sees committed ones only, so that an event whose transaction ends
 * late is placed late and never skipped, and nobody waits for transactions elsewhere. Of one user's arrivals a later
 * one is never visible before an earlier one: their writers stood in line at the user's head.
 *
 * The lock is held until commit, so positions become visible in their order.
 */
const sequence: Statement = {
  name: 'journal-sequence',
  text: `with turn as materialized (select pg_try_advisory_xact_lock(7227300002) as mine),
    moved as (
      delete from events.arrivals
      where (select mine from turn) and id = any(array(select id from events.arrivals order by id limit $1))
      returning id, user_id, first, last),
    placed as (
      select m.user_id, n.number, row_number() over (order by m.id, n.number) as place
      from moved m cross join lateral generate_series(m.first, m.last) as n(number)),
    base as (
      update events.store set position = position + (select count(*) from placed)
      where id = 1 and exists (select from placed)
      returning position - (select count(*) from placed) as start)
    insert into events.positions (position, user_id, number)
    select base.start + placed.place, placed.user_id, placed.number from base cross join placed
    returning position`,
}

const batch = 500

/** Places what has arrived; answers how many events. */
export async function sequenceArrivals(events: Store): Promise<number> {
  let placed = 0
  for (;;) {
    const positions = await rows(events.pool, sequence, [batch])
    placed += positions.length
    if (positions.length < batch) return placed
  }
}
