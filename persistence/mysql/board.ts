import { sql } from "../../mysql/sql.js";
import { integer, text } from "../columns.js";
import { type Turn, turnOf } from "../turns/port.js";
import type { Transactions } from "./transaction.js";

/** P-30: the board in use. */
export async function boardId({ database }: Transactions): Promise<string | undefined> {
  const [row] = await database.read(sql`SELECT board_id FROM cluster WHERE board_id IS NOT NULL`);
  return row === undefined ? undefined : text(row, "board_id");
}

/** Told by what is there afterwards, since a first try may have got no answer. */
export async function setBoardId(
  to: Transactions,
  seen: string | undefined,
  id: string,
): Promise<boolean> {
  const update = sql`UPDATE cluster SET board_id = ${id} WHERE board_id <=> ${seen ?? null}`;
  const { answers, repeated } = await to.database.write([update]);
  if (answers[0]?.changed === 1) return true;
  return repeated && (await boardId(to)) === id;
}

/** P-31. */
export async function takeSweep(to: Transactions, everyMs: number): Promise<Turn> {
  const { database, now } = to;
  const [row] = await database.read(
    sql`SELECT due_at, ${now} AS at FROM turns WHERE name = 'sweep'`,
  );
  const seen = row === undefined ? undefined : integer(row, "due_at");
  const at = row === undefined ? 0 : integer(row, "at");
  const turn = turnOf({ at: seen ?? at, now: at }, everyMs);
  if (!turn.mine) return turn;
  const take =
    seen === undefined
      ? sql`INSERT IGNORE INTO turns (name, due_at) VALUES ('sweep', ${now} + ${everyMs})`
      : sql`UPDATE turns SET due_at = ${now} + ${everyMs} WHERE name = 'sweep' AND due_at = ${seen}`;
  // One statement holds no lock once it is done, so that it may go where connections stay open for
  // long: an agent without work would open one twice a minute for this alone.
  const { answers, repeated } = await database.write([take], "read");
  // A first try without an answer may have taken it: two sweeps at once do no harm, none would.
  return { ...turn, mine: answers[0]?.changed === 1 || repeated };
}
