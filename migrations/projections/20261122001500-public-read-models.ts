import { Migration } from '@mikro-orm/migrations'

/** What others learn of listeners: contributions, popularity and the timeline. */
export class PublicReadModels extends Migration {
  override up(): void {
    this.addSql(
      `create table projections.contributions (user_id uuid not null, kind text not null, target_id uuid not null, podcast_id uuid not null, episode_id uuid null, at timestamptz(3) not null, event_id uuid not null, active boolean not null, comment text null, counted boolean not null, shown text not null, primary key (user_id, kind, target_id))`,
    )
    this.addSql(`create index contributions_podcast_id_kind_at on projections.contributions (podcast_id, kind, at)`)
    this.addSql(`create index contributions_user_id_podcast_id on projections.contributions (user_id, podcast_id)`)
    this.addSql(
      `create table projections.traces (user_id uuid not null, episode_id uuid not null, podcast_id uuid not null, position int not null, at timestamptz(3) not null, heard jsonb null, primary key (user_id, episode_id))`,
    )
    this.addSql(
      `create table projections.public_choices (user_id uuid not null, scope text not null, level text not null, primary key (user_id, scope))`,
    )
    this.addSql(
      `create table projections.podcast_secrecy (podcast_id uuid not null, fetched boolean not null, private_reason text null, primary key (podcast_id))`,
    )
    this.addSql(
      `create table projections.popularity_hours (target_id uuid not null, hour int not null, subscribes int not null, plays int not null, saves int not null, shares int not null, primary key (target_id, hour))`,
    )
    this.addSql(`create index popularity_hours_hour on projections.popularity_hours (hour)`)
    this.addSql(
      `create table projections.popularity_totals (target_id uuid not null, podcast_id uuid not null, is_episode boolean not null, subscribes int not null, plays int not null, saves int not null, shares int not null, primary key (target_id))`,
    )
    this.addSql(
      `create table projections.popularity (span text not null, target_id uuid not null, podcast_id uuid not null, is_episode boolean not null, score bigint not null, plays int not null, likes int not null, score_previous bigint not null, plays_previous int not null, likes_previous int not null, rank_previous int null, primary key (span, target_id))`,
    )
    this.addSql(`create index popularity_ranks on projections.popularity (span, is_episode, score, target_id)`)
    this.addSql(
      `create index popularity_ranks_of_podcast on projections.popularity (podcast_id, span, is_episode, score, target_id)`,
    )
    this.addSql(
      `create table projections.timeline (id uuid not null, at timestamptz(3) not null, kind text not null, podcast_id uuid not null, episode_id uuid null, handle text null, people int not null, comment text null, primary key (id))`,
    )
    this.addSql(`create index timeline_at_id on projections.timeline (at, id)`)
    this.addSql(`create index timeline_kind_at_id on projections.timeline (kind, at, id)`)
    this.addSql(`create index timeline_podcast_id_at_id on projections.timeline (podcast_id, at, id)`)
    this.addSql(`create index timeline_episode_id_kind_at_id on projections.timeline (episode_id, kind, at, id)`)
    this.addSql(`create index timeline_handle_at_id on projections.timeline (handle, at, id)`)
    this.addSql(
      `create table projections.timeline_groups (kind text not null, target_id uuid not null, day date not null, podcast_id uuid not null, episode_id uuid null, people int not null, primary key (kind, target_id, day))`,
    )
  }

  override down(): void {
    for (const table of [
      'contributions',
      'traces',
      'public_choices',
      'podcast_secrecy',
      'popularity_hours',
      'popularity_totals',
      'popularity',
      'timeline',
      'timeline_groups',
    ]) {
      this.addSql(`drop table projections.${table}`)
    }
  }
}
