import { Migration } from '@mikro-orm/migrations'

/** How far clients of APIs without tokens were told what happened. */
export class DoorStamps extends Migration {
  override up(): void {
    this.addSql(`
      create table "system"."door_stamps" (
        "user_id" uuid not null,
        "kind" text not null,
        "client" text not null,
        "stamp" bigint not null,
        "told_at" timestamptz(3) not null,
        primary key ("user_id", "kind", "client")
      )`)
    this.addSql(`create index "door_stamps_told_at" on "system"."door_stamps" ("told_at")`)
  }

  override down(): void {
    this.addSql(`drop table "system"."door_stamps"`)
  }
}
