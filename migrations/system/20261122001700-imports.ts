import { Migration } from '@mikro-orm/migrations'

/** Files of subscriptions that listeners brought, and how far each is. */
export class Imports extends Migration {
  override up(): void {
    this.addSql(`
      create table system.imports (
        user_id uuid not null constraint imports_user_id_foreign references system.users (id) on delete cascade,
        id uuid not null,
        state text not null constraint imports_state_check check (state in ('waiting', 'running', 'done', 'failed')),
        app text not null,
        device text null,
        work jsonb null,
        total int not null,
        done int not null,
        subscribed int not null,
        already int not null,
        failed jsonb not null,
        attempts int not null,
        claimed_by uuid null,
        claimed_until timestamptz(3) null,
        asked_at timestamptz(3) not null,
        ended_at timestamptz(3) null,
        primary key (user_id, id)
      )`)
    this.addSql(`create index imports_asked_at on system.imports (asked_at)`)
    this.addSql(`create index imports_open on system.imports (asked_at) where state in ('waiting', 'running')`)
  }

  override down(): void {
    this.addSql(`drop table system.imports`)
  }
}
