import { Migration } from '@mikro-orm/migrations'

/** What clients of the gPodder API keep on the server for themselves. */
export class DoorSettings extends Migration {
  override up(): void {
    this.addSql(`
      create table "system"."door_settings" (
        "user_id" uuid not null,
        "about" text not null,
        "values" jsonb not null,
        primary key ("user_id", "about")
      )`)
  }

  override down(): void {
    this.addSql(`drop table "system"."door_settings"`)
  }
}
