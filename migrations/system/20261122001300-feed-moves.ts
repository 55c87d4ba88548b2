import { Migration } from '@mikro-orm/migrations'

/** Feeds that said for long enough that they have moved. */
export class FeedMoves extends Migration {
  override up(): void {
    this.addSql(
      `create table system.feed_moves (podcast_id uuid not null, to_key uuid not null, from_url text not null, to_url text not null, why text not null, noticed_at timestamptz(3) not null, applied_at timestamptz(3) null, primary key (podcast_id, to_key))`,
    )
  }

  override down(): void {
    this.addSql(`drop table system.feed_moves`)
  }
}
