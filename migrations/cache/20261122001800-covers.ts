import { Migration } from '@mikro-orm/migrations'

/** Covers, made small. */
export class Covers extends Migration {
  override up(): void {
    this.addSql(`
      create table cache.covers (
        podcast_id uuid not null,
        episode_id uuid not null,
        size int not null,
        source_hash text not null,
        image bytea null,
        etag text null,
        bytes int not null,
        fetched_at timestamptz(3) not null,
        used_at timestamptz(3) not null,
        primary key (podcast_id, episode_id, size)
      )`)
    this.addSql(`create index covers_used_at on cache.covers (used_at)`)
  }

  override down(): void {
    this.addSql(`drop table cache.covers`)
  }
}
