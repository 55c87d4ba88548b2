import { Migration } from '@mikro-orm/migrations'

/** Which job workers live. */
export class JobWorkers extends Migration {
  override up(): void {
    this.addSql('create table system.job_workers (id text primary key, seen_at timestamptz(3) not null)')
  }

  override down(): void {
    this.addSql('drop table system.job_workers')
  }
}
