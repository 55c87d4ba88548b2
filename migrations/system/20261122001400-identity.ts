import { Migration } from '@mikro-orm/migrations'

/** Podcasts that move, and podcasts and episodes that turn out to be one. */
export class Identity extends Migration {
  override up(): void {
    this.addSql(`alter table system.podcasts add column merged_into uuid null`)
    this.addSql(`alter table system.episodes add column merged_into uuid null`)
    this.addSql(
      `create table system.former_feeds (podcast_id uuid not null, key uuid not null, feed_url text not null, until timestamptz(3) not null, primary key (podcast_id, key))`,
    )
    this.addSql(
      `create table system.identity_changes (id uuid not null, podcast_id uuid not null, kind text not null, merged_from uuid null, episodes jsonb not null, why text not null, changed_at timestamptz(3) not null, told_at timestamptz(3) null, primary key (id))`,
    )
    this.addSql(`create index identity_changes_podcast_id on system.identity_changes (podcast_id)`)
    this.addSql(`create index identity_changes_due on system.identity_changes (changed_at) where told_at is null`)
  }

  override down(): void {
    this.addSql(`drop table system.identity_changes`)
    this.addSql(`drop table system.former_feeds`)
    this.addSql(`alter table system.episodes drop column merged_into`)
    this.addSql(`alter table system.podcasts drop column merged_into`)
  }
}
