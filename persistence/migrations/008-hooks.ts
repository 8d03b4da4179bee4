import type { Knex } from "knex";
import { createTable } from "./tables.js";

export const NAME = "008-hooks";

/** Calls of hooks that are not done, and when the next try is due, ms since 1970. */
export async function up(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "hook_calls", (table) => {
    table.string("id", 128).notNullable().primary();
    table.string("hook", 64).notNullable();
    table.string("job", 64).notNullable();
    table.string("state", 16).notNullable();
    table.bigInteger("at").notNullable();
    table.bigInteger("due_at").notNullable();
    table.integer("tries").notNullable();
    table.index(["due_at"], "hook_calls_by_due");
    table.index(["job"], "hook_calls_by_job");
  });
}
