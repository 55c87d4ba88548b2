import { Migration } from '@mikro-orm/migrations'

/** Users, the one namespace of handles, sessions and app tokens. */
export class Accounts extends Migration {
  override up(): void {
    this.addSql(`
      create table "system"."users" (
        "id" uuid not null primary key,
        "username" text not null,
        "email" text null,
        "password_hash" text not null,
        "is_admin" boolean not null default false,
        "created_at" timestamptz(3) not null,
        "suspended_at" timestamptz(3) null,
        constraint "users_username" unique ("username")
      )`)
    this.addSql(`
      create table "system"."handles" (
        "name" text not null primary key,
        "kind" text not null constraint "handles_kind_check" check ("kind" in ('user', 'podcast', 'reserved')),
        "user_id" uuid null constraint "handles_user_id_foreign"
          references "system"."users" ("id") on delete set null,
        "retired_at" timestamptz(3) null
      )`)
    this.addSql(`create index "handles_user_id" on "system"."handles" ("user_id")`)
    this.addSql(`
      create table "system"."sessions" (
        "token" text not null primary key,
        "user_id" uuid not null constraint "sessions_user_id_foreign"
          references "system"."users" ("id") on delete cascade,
        "created_at" timestamptz(3) not null,
        "last_seen_at" timestamptz(3) not null,
        "expires_at" timestamptz(3) not null,
        "user_agent" text null
      )`)
    this.addSql(`create index "sessions_user_id" on "system"."sessions" ("user_id")`)
    this.addSql(`create index "sessions_expires_at" on "system"."sessions" ("expires_at")`)
    this.addSql(`
      create table "system"."app_tokens" (
        "user_id" uuid not null constraint "app_tokens_user_id_foreign"
          references "system"."users" ("id") on delete cascade,
        "app_id" text not null,
        "name" text not null,
        "url" text null,
        "image" text null,
        "public_key" text not null,
        "scopes" text[] not null,
        "authorized_at" timestamptz(3) not null,
        "revoked_at" timestamptz(3) null,
        "last_used_at" timestamptz(3) null,
        primary key ("user_id", "app_id")
      )`)
  }

  override down(): void {
    this.addSql(`drop table "system"."app_tokens"`)
    this.addSql(`drop table "system"."sessions"`)
    this.addSql(`drop table "system"."handles"`)
    this.addSql(`drop table "system"."users"`)
  }
}
