import { Migration } from '@mikro-orm/migrations'

export class ReadModels extends Migration {
  override up(): void {
    this.addSql(
      `create table projections.collections (user_id uuid not null, collection_id uuid not null, is_default boolean not null, title text not null, description text null, color text null, is_public boolean not null, feeds jsonb not null, inserted_at timestamptz(3) not null, updated_at timestamptz(3) not null, deleted_at timestamptz(3) null, number bigint not null, stamp bigint not null, echo text null, primary key (user_id, collection_id))`,
    )
    this.addSql(`create index collections_user_id_number on projections.collections (user_id, number)`)
    this.addSql(
      `create table projections.plays (user_id uuid not null, episode_id uuid not null, podcast_id uuid not null, position int not null, played boolean not null, duration int null, updated_at timestamptz(3) not null, number bigint not null, stamp bigint not null, echo text null, primary key (user_id, episode_id))`,
    )
    this.addSql(`create index plays_user_id_number on projections.plays (user_id, number)`)
    this.addSql(
      `create table projections.playlists (user_id uuid not null, playlist_id uuid not null, kind text not null, name text not null, description text null, is_public boolean not null, items jsonb not null, inserted_at timestamptz(3) not null, updated_at timestamptz(3) not null, deleted_at timestamptz(3) null, number bigint not null, stamp bigint not null, echo text null, primary key (user_id, playlist_id))`,
    )
    this.addSql(`create index playlists_user_id_number on projections.playlists (user_id, number)`)
    this.addSql(
      `create table projections.privacy (user_id uuid not null, scope text not null, podcast_id uuid null, episode_id uuid null, level text not null, updated_at timestamptz(3) not null, number bigint not null, stamp bigint not null, echo text null, primary key (user_id, scope))`,
    )
    this.addSql(`create index privacy_user_id_number on projections.privacy (user_id, number)`)
    this.addSql(
      `create table projections.progress (user_id uuid not null, number bigint not null, primary key (user_id))`,
    )
    this.addSql(
      `create table projections.followers (name text not null, position bigint not null default '0', stopped_at bigint null, reason text null, updated_at timestamptz(3) not null, primary key (name))`,
    )
    this.addSql(
      `create table projections.saves (user_id uuid not null, episode_id uuid not null, podcast_id uuid not null, saved boolean not null, updated_at timestamptz(3) not null, number bigint not null, stamp bigint not null, echo text null, primary key (user_id, episode_id))`,
    )
    this.addSql(`create index saves_user_id_number on projections.saves (user_id, number)`)
    this.addSql(
      `create table projections.shares (user_id uuid not null, episode_id uuid not null, podcast_id uuid not null, shared boolean not null, comment text null, updated_at timestamptz(3) not null, number bigint not null, stamp bigint not null, primary key (user_id, episode_id))`,
    )
    this.addSql(`create index shares_user_id_number on projections.shares (user_id, number)`)
    this.addSql(
      `create table projections.subscriptions (user_id uuid not null, podcast_id uuid not null, source_id text null, active boolean not null, subscribed_at timestamptz(3) null, unsubscribed_at timestamptz(3) null, inserted_at timestamptz(3) not null, updated_at timestamptz(3) not null, number bigint not null, stamp bigint not null, echo text null, primary key (user_id, podcast_id))`,
    )
    this.addSql(`create index subscriptions_user_id_number on projections.subscriptions (user_id, number)`)
  }

  override down(): void {
    for (const table of [
      'collections',
      'plays',
      'playlists',
      'privacy',
      'progress',
      'followers',
      'saves',
      'shares',
      'subscriptions',
    ]) {
      this.addSql(`drop table projections.${table}`)
    }
  }
}
