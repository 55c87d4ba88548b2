import { Migration } from '@mikro-orm/migrations'

/** What hubs were asked to tell of (WebSub). */
export class WebSub extends Migration {
  override up(): void {
    this.addSql(`
      create table cache.hub_leases (
        id uuid not null,
        podcast_id uuid not null,
        hub text not null,
        topic text not null,
        wanted boolean not null,
        waiting boolean not null,
        asked_at timestamptz(3) null,
        verified_at timestamptz(3) null,
        lease_until timestamptz(3) null,
        due_at timestamptz(3) not null,
        failures int not null,
        last_error text null,
        look_at timestamptz(3) null,
        ignored int not null,
        primary key (id)
      )`)
    this.addSql(`create index hub_leases_podcast_id on cache.hub_leases (podcast_id)`)
    this.addSql(`create index hub_leases_due_at on cache.hub_leases (due_at)`)
  }

  override down(): void {
    this.addSql(`drop table cache.hub_leases`)
  }
}
