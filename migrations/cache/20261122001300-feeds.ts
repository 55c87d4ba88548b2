import { Migration } from '@mikro-orm/migrations'

/** What feeds say, and when to look again. */
export class Feeds extends Migration {
  override up(): void {
    this.addSql(`
      create table cache.feeds (
        podcast_id uuid not null,
        host text not null,
        status text not null,
        metadata jsonb null,
        etag text null,
        last_modified text null,
        body_hash text null,
        failures int not null,
        failing_since timestamptz(3) null,
        last_error text null,
        wanted boolean not null,
        followers int not null,
        next_check_at timestamptz(3) null,
        claimed_until timestamptz(3) null,
        claimed_by uuid null,
        checked_at timestamptz(3) null,
        fetched_at timestamptz(3) null,
        changed_at timestamptz(3) null,
        rhythm jsonb null,
        moving jsonb null,
        primary key (podcast_id)
      )`)
    this.addSql(`create index feeds_next_check_at on cache.feeds (next_check_at)`)
    this.addSql(`
      create table cache.feed_episodes (
        podcast_id uuid not null,
        episode_id uuid not null,
        place int not null,
        listed boolean not null,
        title text null,
        description text null,
        published_at timestamptz(3) null,
        duration int null,
        image_url text null,
        enclosure_url text not null,
        season int null,
        number double precision null,
        details jsonb not null,
        hash text not null,
        primary key (podcast_id, episode_id)
      )`)
    this.addSql(`create index feed_episodes_episode_id on cache.feed_episodes (episode_id)`)
    this.addSql(`
      create table cache.feed_decisions (
        podcast_id uuid not null,
        id uuid not null,
        decided_at timestamptz(3) not null,
        words text not null,
        primary key (podcast_id, id)
      )`)
    this.addSql(`create index feed_decisions_decided_at on cache.feed_decisions (decided_at)`)
  }

  override down(): void {
    for (const table of ['feeds', 'feed_episodes', 'feed_decisions']) this.addSql(`drop table cache.${table}`)
  }
}
