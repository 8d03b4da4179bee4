import type { Knex } from "knex";
import { createTable } from "./tables.js";

export const NAME = "004-logs";

/**
 * What bodies and their commands wrote, in chunks: a row for every line would cost an owner as
 * much as its journal. `n` is the number of a chunk's last line in its ownership; `seq` counts the
 * chunks of a job as they are stored: a reader misses none of an ownership that stores late.
 */
export async function up(knex: Knex): Promise<void> {
  await createTable(knex, NAME, "job_logs", (table) => {
    table.string("job", 64).notNullable();
    table.bigInteger("seq").notNullable();
    table.bigInteger("token").notNullable();
    table.bigInteger("n").notNullable();
    table.string("agent", 255).notNullable();
    table.integer("bytes").notNullable();
    table.text("body", "mediumtext").notNullable();
    table.primary(["job", "seq"]);
    table.unique(["job", "token", "n"]);
  });
}
