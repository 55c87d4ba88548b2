import { Migration } from '@mikro-orm/migrations'

/** The devices that apps name. */
export class Devices extends Migration {
  override up(): void {
    this.addSql(`
      create table "system"."devices" (
        "user_id" uuid not null constraint "devices_user_id_foreign"
          references "system"."users" ("id") on delete cascade,
        "id" uuid not null,
        "app" text not null,
        "device" text not null,
        "name" text null,
        "given_name" text null,
        "type" text not null default 'other'
          constraint "devices_type_check" check ("type" in ('desktop', 'laptop', 'mobile', 'server', 'other')),
        "first_seen_at" timestamptz(3) not null,
        "last_seen_at" timestamptz(3) not null,
        "last_sync_at" timestamptz(3) null,
        "forgotten_at" timestamptz(3) null,
        primary key ("user_id", "id"),
        constraint "devices_app_device" unique ("user_id", "app", "device")
      )`)
  }

  override down(): void {
    this.addSql(`drop table "system"."devices"`)
  }
}
