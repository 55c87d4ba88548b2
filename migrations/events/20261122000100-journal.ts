import { Migration } from '@mikro-orm/migrations'

export class Journal extends Migration {
  override up(): void {
    this.addSql(
      `create table events.arrivals (id bigserial primary key, user_id uuid not null, first bigint not null, last bigint not null)`,
    )
    this.addSql(
      `create table events.heard (user_id uuid not null, id uuid not null, stream text not null, recorded_at timestamptz(3) not null, primary key (user_id, id))`,
    )
    this.addSql(`create index heard_recorded_at on events.heard (recorded_at)`)
    this.addSql(
      `create table events.heads (user_id uuid not null, last_number bigint not null default '0', last_stamp bigint not null default '0', horizon bigint not null default '0', primary key (user_id))`,
    )
    this.addSql(
      `create table events.store (id smallint primary key, epoch uuid not null, position bigint not null default '0')`,
    )
    this.addSql(
      `create table events.positions (position bigint not null, user_id uuid not null, number bigint not null, primary key (position))`,
    )
    this.addSql(
      `create table events.answers (user_id uuid not null, key uuid not null, request uuid not null, answer json not null, recorded_at timestamptz(3) not null, primary key (user_id, key))`,
    )
    this.addSql(`create index answers_recorded_at on events.answers (recorded_at)`)
    this.addSql(
      `create table events.events (user_id uuid not null, number bigint not null, id uuid not null, stream text collate "C" not null, type text not null, version smallint not null, data jsonb not null, app text not null, device text null, stamp bigint not null, recorded_at timestamptz(3) not null, primary key (user_id, number))`,
    )
    this.addSql(`create index events_user_id_stream_number on events.events (user_id, stream, number)`)
    this.addSql(`alter table events.events add constraint events_user_id_id unique (user_id, id)`)
    this.addSql(`insert into events.store (id, epoch) values (1, gen_random_uuid())`)
    // Events are immutable: only an erasure or a checkpoint, which say so for their transaction, may remove any.
    this.addSql(`create function events.refuse_change() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' and current_setting('balados.removing_events', true) = 'on' then
          return old;
        end if;
        raise exception 'events are immutable: % refused', tg_op using errcode = 'restrict_violation';
      end $$`)
    this.addSql(`create trigger events_are_immutable before update or delete on events.events
      for each row execute function events.refuse_change()`)
    this.addSql(`create trigger events_are_never_truncated before truncate on events.events
      for each statement execute function events.refuse_change()`)
  }

  override down(): void {
    for (const table of ['arrivals', 'heard', 'heads', 'store', 'positions', 'answers', 'events']) {
      this.addSql(`drop table events.${table}`)
    }
    this.addSql('drop function events.refuse_change')
  }
}
