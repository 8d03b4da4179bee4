import type { Knex } from "knex";
import { createTable } from "./tables.js";

export const NAME = "007-sweep";

/** Work that one agent of all does now and then, and when it is due again, ms since 1970. */
export async function up(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "turns", (table) => {
    table.string("name", 32).notNullable().primary();
    table.bigInteger("due_at").notNullable();
  });
}
