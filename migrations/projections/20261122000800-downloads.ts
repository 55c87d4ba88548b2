import { Migration } from '@mikro-orm/migrations'

/** What devices did with episodes beside playing them. */
export class Downloads extends Migration {
  override up(): void {
    this.addSql(
      `create table projections.downloads (user_id uuid not null, episode_id uuid not null, podcast_id uuid not null, done jsonb not null, updated_at timestamptz(3) not null, number bigint not null, stamp bigint not null, primary key (user_id, episode_id))`,
    )
    this.addSql(`create index downloads_user_id_number on projections.downloads (user_id, number)`)
  }

  override down(): void {
    this.addSql(`drop table projections.downloads`)
  }
}
