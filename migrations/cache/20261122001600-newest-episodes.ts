import { Migration } from '@mikro-orm/migrations'

/** Finds a podcast's newest episodes without reading the others. */
export class NewestEpisodes extends Migration {
  override up(): void {
    this.addSql(`
      create index feed_episodes_newest on cache.feed_episodes
        (podcast_id, published_at desc nulls last, place desc, episode_id) where listed`)
  }

  override down(): void {
    this.addSql(`drop index cache.feed_episodes_newest`)
  }
}
