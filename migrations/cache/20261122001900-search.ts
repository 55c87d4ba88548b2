import { Migration } from '@mikro-orm/migrations'

/**
 * What feeds say, as it is searched. Words stand in tables of their own: a feed's row changes with each look at it, and
 * every change of a row with searchable words in it would be a change of their index.
 */
export class Search extends Migration {
  override up(): void {
    // Without accents and ligatures, as people type them. The extension unaccent is not everywhere; most of what is
    // long is plain ASCII or short of accents, so that decomposing comes first and only then is anything looked for.
    this.addSql(`
      create function cache.folded(said text) returns text language sql immutable parallel safe strict as $$
        select case when octet_length(said) = char_length(said) then lower(said)
          else replace(replace(regexp_replace(lower(normalize(said, NFKD)), '[\\u0300-\\u036f]', '', 'g'), 'œ', 'oe'), 'æ', 'ae') end
      $$`)
    // Stems are most of what a new episode costs: only where a feed does not say which of both it speaks, it has both.
    this.addSql(`
      create function cache.stems(said text, speaks text) returns tsvector language sql immutable parallel safe as $$
        select case when speaks ilike 'fr%' then to_tsvector('pg_catalog.french', f)
          when speaks ilike 'en%' then to_tsvector('pg_catalog.english', f)
          else to_tsvector('pg_catalog.french', f) || to_tsvector('pg_catalog.english', f) end
        from (select coalesce(cache.folded(said), '') as f) folded
      $$`)
    // Titles also as they stand, so that the first letters of a word find it.
    this.addSql(`
      create function cache.searchable(title text, about text, description text, speaks text) returns tsvector
      language sql immutable parallel safe as $$
        select setweight(cache.stems(title, speaks) || to_tsvector('pg_catalog.simple', coalesce(cache.folded(title), '')), 'A')
          || setweight(cache.stems(about, speaks), 'B') || setweight(cache.stems(left(description, 800), speaks), 'D')
      $$`)
    this.addSql(`
      create table cache.feed_words (
        podcast_id uuid not null,
        words tsvector not null,
        primary key (podcast_id)
      )`)
    this.addSql(`create index feed_words_words on cache.feed_words using gin (words)`)
    this.addSql(`
      create table cache.episode_words (
        podcast_id uuid not null,
        episode_id uuid not null,
        published_at timestamptz(3) null,
        words tsvector not null,
        primary key (podcast_id, episode_id)
      )`)
    this.addSql(`create index episode_words_words on cache.episode_words using gin (words)`)
    const feedWords = (from: string) => `
      select podcast_id, cache.searchable(metadata ->> 'title',
        concat_ws(' ', metadata ->> 'author', (select string_agg(c ->> 'name', ' ') from jsonb_array_elements(metadata -> 'categories') c),
          (select string_agg(k, ' ') from jsonb_array_elements_text(metadata -> 'keywords') k)),
        metadata -> 'description' ->> 'plain', metadata ->> 'language')
      from ${from} where metadata is not null`
    // What the feed names no longer, and what wants to be in no directory, is not found.
    const findable = `n.listed and not coalesce((n.details ->> 'blocked')::boolean, false)`
    const episodeWords = (from: string, but = '') => `
      select n.podcast_id, n.episode_id, n.published_at,
        cache.searchable(n.title, n.details ->> 'author', n.description, f.metadata ->> 'language')
      from ${from} n left join cache.feeds f on f.podcast_id = n.podcast_id where ${findable} ${but}`
    this.addSql(`
      create function cache.keep_feed_words() returns trigger language plpgsql as $$
      begin
        if tg_op = 'DELETE' then
          delete from cache.feed_words where podcast_id = old.podcast_id;
          return null;
        end if;
        insert into cache.feed_words (podcast_id, words) ${feedWords('(select new.podcast_id, new.metadata) n')}
        on conflict (podcast_id) do update set words = excluded.words
        where cache.feed_words.words is distinct from excluded.words;
        return null;
      end $$`)
    this.addSql(`
      create trigger keep_feed_words after insert or delete or update of metadata on cache.feeds
      for each row execute function cache.keep_feed_words()`)
    this.addSql(`
      create function cache.keep_episode_words() returns trigger language plpgsql as $$
      begin
        if tg_op = 'UPDATE' then
          delete from cache.episode_words w using after a
          where w.podcast_id = a.podcast_id and w.episode_id = a.episode_id
            and not (a.listed and not coalesce((a.details ->> 'blocked')::boolean, false));
          insert into cache.episode_words (podcast_id, episode_id, published_at, words) ${episodeWords(
            'after',
            `and not exists (select from before b where b.episode_id = n.episode_id and b.podcast_id = n.podcast_id
               and b.hash = n.hash and b.listed)`,
          )}
          on conflict (podcast_id, episode_id) do update set published_at = excluded.published_at, words = excluded.words
          where (episode_words.published_at, episode_words.words) is distinct from (excluded.published_at, excluded.words);
        else
          insert into cache.episode_words (podcast_id, episode_id, published_at, words) ${episodeWords('after')};
        end if;
        return null;
      end $$`)
    this.addSql(`
      create function cache.drop_episode_words() returns trigger language plpgsql as $$
      begin
        delete from cache.episode_words w using before b where w.podcast_id = b.podcast_id and w.episode_id = b.episode_id;
        return null;
      end $$`)
    this.addSql(`
      create trigger keep_episode_words_of_new after insert on cache.feed_episodes
      referencing new table as after for each statement execute function cache.keep_episode_words()`)
    this.addSql(`
      create trigger keep_episode_words after update on cache.feed_episodes
      referencing old table as before new table as after for each statement execute function cache.keep_episode_words()`)
    this.addSql(`
      create trigger drop_episode_words after delete on cache.feed_episodes
      referencing old table as before for each statement execute function cache.drop_episode_words()`)
    this.addSql(`insert into cache.feed_words (podcast_id, words) ${feedWords('cache.feeds')}`)
    this.addSql(
      `insert into cache.episode_words (podcast_id, episode_id, published_at, words) ${episodeWords('cache.feed_episodes')}`,
    )
  }

  override down(): void {
    for (const name of ['keep_episode_words_of_new', 'keep_episode_words', 'drop_episode_words'])
      this.addSql(`drop trigger ${name} on cache.feed_episodes`)
    this.addSql(`drop trigger keep_feed_words on cache.feeds`)
    for (const table of ['episode_words', 'feed_words']) this.addSql(`drop table cache.${table}`)
    for (const name of [
      'keep_feed_words()',
      'keep_episode_words()',
      'drop_episode_words()',
      'searchable(text, text, text, text)',
      'stems(text, text)',
      'folded(text)',
    ])
      this.addSql(`drop function cache.${name}`)
  }
}
