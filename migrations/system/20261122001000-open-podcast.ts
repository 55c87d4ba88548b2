import { Migration } from '@mikro-orm/migrations'

/** The guids podcasts are told by, and what was deleted through the Open Podcast API. */
export class OpenPodcast extends Migration {
  override up(): void {
    this.addSql(
      `create table system.podcast_guids (guid uuid not null, podcast_id uuid not null, seen_at timestamptz(3) not null, primary key (guid))`,
    )
    this.addSql(`create index podcast_guids_podcast_id on system.podcast_guids (podcast_id)`)
    this.addSql(`
      create table system.open_podcast_deletions (
        user_id uuid not null constraint open_podcast_deletions_user_id_foreign
          references system.users (id) on delete cascade,
        id bigint not null,
        podcast_id uuid not null,
        left_at timestamptz(3) not null,
        deleted_at timestamptz(3) not null,
        primary key (user_id, id)
      )`)
  }

  override down(): void {
    this.addSql(`drop table system.open_podcast_deletions`)
    this.addSql(`drop table system.podcast_guids`)
  }
}
