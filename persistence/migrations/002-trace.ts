import type { Knex } from "knex";

export const NAME = "002-trace";

/**
 * Where the posting of a job stands in the poster's trace (W3C). May be repeated: where a change of
 * the schema commits by itself, a killed migrator leaves the column without a word about it.
 */
export async function up(knex: Knex): Promise<void> {
  if (await knex.schema.hasColumn("jobs", "traceparent")) return;
  await knex.schema.alterTable("jobs", (table) => {
    table.string("traceparent", 64);
  });
}
