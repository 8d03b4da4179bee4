import { JobrunnerError } from "../../common/error.js";
import type { MysqlDatabase } from "../../mysql/database.js";
import { fromKnex, openKnex } from "../../mysql/dialect.js";
import type { Session } from "../../mysql/session.js";
import { Sql, sql } from "../../mysql/sql.js";
import { integer, text } from "../columns.js";
import {
  checkKnown,
  isNewest,
  markOf,
  migrateToNewest,
  MIGRATIONS_TABLE,
} from "../migrations/migrations.js";

/** How long a migrator waits for another one, seconds, and how long a step may take. */
const LOCK_SECONDS = 60;

/**
 * Runs the missing steps, one agent at a time. The lock is the session's, so it is gone with the
 * migrator, however that dies. A step that was cut off has left tables that carry its mark and are
 * empty, as no agent runs before the step is noted: these are dropped, and it is done again. (There
 * are no transactions for this: every CREATE TABLE commits by itself.)
 */
export async function migrate(database: MysqlDatabase): Promise<void> {
  if (isNewest(await applied(database))) return;
  await database.apart((LOCK_SECONDS + 5) * 1000, async (session) => {
    await lock(session, database.where);
    const done = await applied(database);
    if (isNewest(done)) return;
    await dropUnfinished(session, { done, where: database.where });
    await session.run([sql`SET SESSION default_storage_engine = InnoDB`]);
    const knex = await openKnex(async (statement) => {
      const [answer] = await session.run([statement]);
      return answer ?? { rows: [], changed: 0 };
    });
    try {
      await fromKnex(migrateToNewest(knex, { transactions: false }));
    } finally {
      await knex.destroy();
    }
  });
}

export async function applied(database: MysqlDatabase): Promise<readonly string[]> {
  const tables = await database.read(
    sql`SELECT 1 FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_name = ${MIGRATIONS_TABLE}`,
  );
  if (tables.length === 0) return [];
  const rows = await database.read(sql`SELECT name FROM ${new Sql(MIGRATIONS_TABLE)}`);
  const names = rows.map((row) => text(row, "name"));
  checkKnown(names);
  return names;
}

async function lock(session: Session, where: string): Promise<void> {
  // The name is the server's, not the database's, and 64 characters at most.
  const name = sql`concat('jobrunner ', left(sha2(DATABASE(), 256), 16))`;
  const [answer] = await session.run([sql`SELECT GET_LOCK(${name}, ${LOCK_SECONDS}) AS got`]);
  if (integer(answer?.rows[0] ?? {}, "got") === 1) return;
  throw new JobrunnerError(
    "PERSISTENCE_DOWN",
    `Another agent has been changing the schema of ${where} for ${LOCK_SECONDS} s.`,
    { hint: "Wait for it, or look for a migrator that hangs in the server's process list." },
  );
}

/** The one table whose step puts a row into it. */
const WITH_A_ROW = "cluster";

async function dropUnfinished(
  session: Session,
  { done, where }: { readonly done: readonly string[]; readonly where: string },
): Promise<void> {
  const [answer] = await session.run([
    sql`SELECT table_name AS name, table_comment AS mark FROM information_schema.tables
      WHERE table_schema = DATABASE() AND table_comment LIKE ${markOf("%")}`,
  ]);
  const finished = new Set(done.map(markOf));
  const unfinished = (answer?.rows ?? []).filter((row) => !finished.has(text(row, "mark")));
  const tables = unfinished.map((row) => text(row, "name"));
  for (const table of tables) await checkEmpty(session, table, where);
  for (const table of tables) await session.run([new Sql(`DROP TABLE \`${table}\``)]);
}

/** A table with rows is no work of a killed migrator: the note of its step was lost. */
async function checkEmpty(session: Session, table: string, where: string): Promise<void> {
  if (table === WITH_A_ROW) return;
  const [answer] = await session.run([new Sql(`SELECT 1 FROM \`${table}\` LIMIT 1`)]);
  if (answer?.rows.length === 0) return;
  throw new JobrunnerError(
    "PERSISTENCE_DOWN",
    `The table ${table} of ${where} has rows, but ${MIGRATIONS_TABLE} does not list its step: ` +
      "nothing was changed.",
    {
      hint:
        `Was only a part of a backup restored? Restore ${MIGRATIONS_TABLE} as well, or, when ` +
        "nobody needs these jobs, drop the tables of jobrunner.",
    },
  );
}
