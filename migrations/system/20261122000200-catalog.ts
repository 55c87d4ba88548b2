import { Migration } from '@mikro-orm/migrations'

export class Catalog extends Migration {
  override up(): void {
    this.addSql(
      `create table system.episodes (id uuid not null, podcast_id uuid not null, guid text not null, enclosure_url text not null, created_at timestamptz(3) not null, primary key (id))`,
    )
    this.addSql(
      `create table system.episode_aliases (key uuid not null, podcast_id uuid not null, episode_id uuid not null, primary key (key, podcast_id))`,
    )
    this.addSql(
      `create table system.podcasts (id uuid not null, feed_url text not null, private_reason text null, fetched_at timestamptz(3) null, created_at timestamptz(3) not null, primary key (id))`,
    )
    this.addSql(`create table system.podcast_aliases (key uuid not null, podcast_id uuid not null, primary key (key))`)
    this.addSql(`create index podcast_aliases_podcast_id on system.podcast_aliases (podcast_id)`)
    this.addSql(
      `create table system.followers (name text not null, position bigint not null default '0', stopped_at bigint null, reason text null, updated_at timestamptz(3) not null, primary key (name))`,
    )
  }

  override down(): void {
    for (const table of ['episodes', 'episode_aliases', 'podcasts', 'podcast_aliases', 'followers']) {
      this.addSql(`drop table system.${table}`)
    }
  }
}
