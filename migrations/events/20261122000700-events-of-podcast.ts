import { Migration } from '@mikro-orm/migrations'

export class EventsOfPodcast extends Migration {
  override up(): void {
    this.addSql(`create index events_user_id_podcast_number on events.events
      (user_id, (data ->> 'podcast') collate "C", number) where data ->> 'podcast' is not null`)
  }

  override down(): void {
    this.addSql('drop index events.events_user_id_podcast_number')
  }
}
