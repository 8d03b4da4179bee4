import type { Knex } from "knex";
import { createTable } from "./tables.js";

export const NAME = "006-flow-control";

/**
 * What holds jobs back. In tables of their own: most jobs have none of it, and theirs are raised,
 * written to and ended by the same statements as ever. A key is free again as soon as its job is
 * over: that is a matter of the job's row, so that whatever ends a job frees its key with it.
 */
export async function up(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "job_controls", (table) => {
    table.string("job", 64).notNullable().primary();
    table.string("unique_key", 128);
    table.bigInteger("start_by");
    table.integer("started").notNullable().defaultTo(0); // 1: an owner raised it.
    table.string("slot_key", 128);
    table.integer("slot_limit");
    // Of that key: waits for one, held, or over; one that is held counts only while its job does.
    table.string("slot", 8);
    table.integer("slot_rank"); // The job's priority, the highest first.
    table.index(["slot_key", "slot", "slot_rank", "job"], "job_controls_by_slot");
  });
  // The job that was the last to have the key; one that is over leaves it to whoever asks next.
  await createTable(knex, NAME, "unique_keys", (table) => {
    table.string("key", 128).notNullable().primary();
    table.string("job", 64).notNullable();
    table.index(["job"], "unique_keys_by_job");
  });
  // Whoever takes a slot locks its key, where a database has locks for rows.
  await createTable(knex, NAME, "slot_keys", (table) => {
    table.string("key", 128).notNullable().primary();
  });
}
