import type { Knex } from "knex";
import { createTable } from "./tables.js";

export const NAME = "003-verbs";

/**
 * Which job is the retry of which, and what posters asked for beside what the flow needs. In tables
 * of their own: few jobs have any of it, and a change of `jobs` takes long where there are many.
 */
export async function up(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "retries", (table) => {
    table.string("job", 64).notNullable().primary();
    table.string("retry_of", 64).notNullable();
    // The same, when results of that job were kept: they are handed on once (P-39).
    table.string("kept_of", 64).unique({ indexName: "retries_by_kept" });
    table.index(["retry_of", "job"], "retries_by_origin");
  });
  await createTable(knex, NAME, "requirements", (table) => {
    table.string("job", 64).notNullable().primary();
    table.text("clauses", "mediumtext").notNullable();
  });
}
