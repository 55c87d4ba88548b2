import { Migration } from '@mikro-orm/migrations'

/** What clients keep here goes with the account that it is of. */
export class DoorUsers extends Migration {
  override up(): void {
    for (const table of ['door_stamps', 'door_settings']) {
      // Of accounts that went before, nothing else is left.
      this.addSql(`delete from system.${table} d where not exists (select from system.users u where u.id = d.user_id)`)
      this.addSql(
        `alter table system.${table} add constraint ${table}_user_id_foreign
          foreign key (user_id) references system.users (id) on delete cascade`,
      )
    }
  }

  override down(): void {
    for (const table of ['door_stamps', 'door_settings'])
      this.addSql(`alter table system.${table} drop constraint ${table}_user_id_foreign`)
  }
}
