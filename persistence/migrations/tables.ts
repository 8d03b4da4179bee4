import type { Knex } from "knex";

/** A new table of a step, which carries its mark where tables have comments. */
export async function createTable(
  knex: Knex,
  step: string,
  name: string,
  columns: (table: Knex.CreateTableBuilder) => void,
): Promise<void> {
  await knex.schema.createTable(name, (table) => {
    table.comment(markOf(step));
    columns(table);
  });
}

/** What the tables of a step carry as their comment. */
export function markOf(step: string): string {
  return `jobrunner ${step}`;
}
