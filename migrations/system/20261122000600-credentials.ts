import { Migration } from '@mikro-orm/migrations'

/** App passwords and play tokens. */
export class Credentials extends Migration {
  override up(): void {
    this.addSql(`
      create table "system"."credentials" (
        "user_id" uuid not null constraint "credentials_user_id_foreign"
          references "system"."users" ("id") on delete cascade,
        "id" uuid not null,
        "kind" text not null
          constraint "credentials_kind_check" check ("kind" in ('app_password', 'feeds', 'live')),
        "name" text not null,
        "hash" text not null,
        "created_at" timestamptz(3) not null,
        "expires_at" timestamptz(3) null,
        "revoked_at" timestamptz(3) null,
        "last_used_at" timestamptz(3) null,
        primary key ("user_id", "id"),
        constraint "credentials_hash" unique ("hash")
      )`)
  }

  override down(): void {
    this.addSql(`drop table "system"."credentials"`)
  }
}
