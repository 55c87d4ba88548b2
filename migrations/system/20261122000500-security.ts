import { Migration } from '@mikro-orm/migrations'

/** Names for sessions that may be shown, and second factors. */
export class Security extends Migration {
  override up(): void {
    // The token's hash would do as a name, but what a page shows ends up in histories and screenshots.
    this.addSql('alter table system.sessions add column id uuid not null default gen_random_uuid()')
    this.addSql('alter table system.sessions alter column id drop default')
    this.addSql('alter table system.sessions add constraint sessions_id unique (id)')
    this.addSql(`
      create table system.second_factors (
        user_id uuid not null primary key constraint second_factors_user_id_foreign
          references system.users (id) on delete cascade,
        secret text not null,
        last_step bigint not null,
        created_at timestamptz(3) not null
      )`)
    this.addSql(`
      create table system.recovery_codes (
        user_id uuid not null constraint recovery_codes_user_id_foreign
          references system.users (id) on delete cascade,
        code text not null,
        primary key (user_id, code)
      )`)
  }

  override down(): void {
    this.addSql('drop table system.recovery_codes')
    this.addSql('drop table system.second_factors')
    this.addSql('alter table system.sessions drop constraint sessions_id')
    this.addSql('alter table system.sessions drop column id')
  }
}
