import { Migration } from '@mikro-orm/migrations'

/** Apps that ask for an app password and wait for what their person says. */
export class AppRequests extends Migration {
  override up(): void {
    this.addSql(`
      create table system.app_requests (
        poll_hash text not null,
        page_hash text not null constraint app_requests_page_hash unique,
        name text not null,
        asked_at timestamptz(3) not null,
        expires_at timestamptz(3) not null,
        user_id uuid null constraint app_requests_user_id_foreign
          references system.users (id) on delete cascade,
        outcome text null constraint app_requests_outcome_check check (outcome in ('allowed', 'denied')),
        primary key (poll_hash)
      )`)
    this.addSql(`create index app_requests_expires_at on system.app_requests (expires_at)`)
    this.addSql(`create index app_requests_user_id on system.app_requests (user_id)`)
  }

  override down(): void {
    this.addSql(`drop table system.app_requests`)
  }
}
