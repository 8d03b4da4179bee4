import type { Database } from "../../sqlite/database.js";
import type { Statements } from "../../sqlite/statements.js";
import { integer } from "../columns.js";
import { type Turn, turnOf } from "./port.js";

const TAKE = `INSERT INTO turns (name, due_at) VALUES ('sweep', ?)
  ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at`;

export async function takeSweep(
  database: Database,
  now: () => number,
  everyMs: number,
): Promise<Turn> {
  const look = (sql: Statements): Turn => {
    const row = sql.get("SELECT due_at FROM turns WHERE name = 'sweep'") ?? { due_at: 0 };
    return turnOf({ at: integer(row, "due_at"), now: now() }, everyMs);
  };
  const seen = await database.read(look);
  if (!seen.mine) return seen;
  const take = (sql: Statements): Turn => {
    const turn = look(sql); // Nobody writes beside this transaction.
    if (turn.mine) sql.run(TAKE, now() + everyMs);
    return turn;
  };
  // Not durable: what a power cut takes is swept for once more.
  return database.write(take, { durable: false });
}
