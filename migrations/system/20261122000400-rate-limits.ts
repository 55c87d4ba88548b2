import { Migration } from '@mikro-orm/migrations'

/** Counts shared by all processes. Unlogged: written at each request, and worth nothing a minute later. */
export class RateLimits extends Migration {
  override up(): void {
    this.addSql(
      'create unlogged table system.rate_limits (key varchar(255) not null, points int not null default 0, expire bigint null, primary key (key))',
    )
  }

  override down(): void {
    this.addSql('drop table system.rate_limits')
  }
}
