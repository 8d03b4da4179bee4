import { sql } from "../../mysql/sql.js";
import { text } from "../columns.js";
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
