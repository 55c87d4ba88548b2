/** A column of a read model, with its PostgreSQL type as `jsonb_to_recordset` wants it. */
export interface Column {
  readonly name: string
  readonly type: string
}

/**
 * A read model of one user's own data: one row for each stream of a kind, a pure function of the stream's state.
 * That makes a rebuild trivial and equal by construction: fold, then write the row.
 */
// biome-ignore lint/suspicious/noExplicitAny: read models of different states stand in one list
export interface ReadModel<State = any> {
  /** Also the table's name in the schema `projections`. */
  readonly name: string
  /** The kind of stream it shows. */
  readonly kind: string
  /** Key column beside `user_id`. */
  readonly key: string
  readonly keyType: 'uuid' | 'text'
  /** SQL condition of the rows that only say that something is gone; purged after 45 days. Null when there are none. */
  readonly tombstone: string | null
  readonly columns: readonly Column[]
  /** The row without `user_id`; null when there is nothing to show. */
  row(id: string, state: State): Readonly<Record<string, unknown>> | null
}
