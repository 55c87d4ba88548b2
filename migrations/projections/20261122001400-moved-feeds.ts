import { Migration } from '@mikro-orm/migrations'

/** Who has anything of a podcast, and which of a listener's podcasts changed their feed URL. */
export class MovedFeeds extends Migration {
  override up(): void {
    this.addSql(
      `create table projections.moved_feeds (user_id uuid not null, podcast_id uuid not null, moved_at timestamptz(3) not null, number bigint not null, stamp bigint not null, primary key (user_id, podcast_id))`,
    )
    this.addSql(`create index moved_feeds_user_id_number on projections.moved_feeds (user_id, number)`)
    this.addSql(
      `create table projections.listeners (podcast_id uuid not null, user_id uuid not null, primary key (podcast_id, user_id))`,
    )
  }

  override down(): void {
    this.addSql(`drop table projections.listeners`)
    this.addSql(`drop table projections.moved_feeds`)
  }
}
