import type { Knex } from "knex";
import { createTable } from "./tables.js";

export const NAME = "005-schedules";

/**
 * What is posted again and again. Names are in small letters, so that no collation takes two of
 * them for one. `due_at` is the oldest due time that is not done with; one that is paused has none,
 * and is in no look at what is due.
 */
export async function up(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "schedules", (table) => {
    table.string("id", 64).notNullable().primary();
    table.string("name", 64).notNullable().unique({ indexName: "schedules_by_name" });
    table.string("flow", 255).notNullable();
    table.text("job", "longtext").notNullable();
    table.string("body_hash", 128).notNullable();
    table.string("cron", 255).notNullable();
    table.string("tz", 64).notNullable();
    table.string("catch_up", 8).notNullable();
    table.bigInteger("due_at");
    table.bigInteger("last_due_at");
    table.string("last_job", 64);
    table.bigInteger("skipped_from");
    table.bigInteger("skipped_to");
    table.text("trouble", "mediumtext");
    table.bigInteger("made_at").notNullable();
    table.string("made_via", 255).notNullable();
    table.index(["due_at"], "schedules_by_due");
  });
}
