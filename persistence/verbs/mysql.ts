import { type Clause, isEnded, isStartable } from "../../common/job.js";
import { sql } from "../../mysql/sql.js";
import { isEmpty, text } from "../columns.js";
import { toClauses, toOwnership, toState } from "../rows.js";
import {
  type Asked,
  type Deprived,
  type Released,
  type Removed,
  RETRIES_MAX,
  type Retries,
} from "./port.js";
import { STARTABLE } from "../mysql/ownership.js";
import type { Transactions } from "../mysql/transaction.js";

/*
 * What changes a job locks it first, in a statement of its own, and tells it as it was; the others
 * apply where that allows.
 */

/** P-40: the token is raised to nobody. */
export async function release(to: Transactions, id: string, wanted?: number): Promise<Released> {
  const named = wanted === undefined ? sql`1 = 1` : sql`j.token = ${wanted}`;
  const { answers } = await to.run([
    sql`SELECT id, state, owner FROM jobs WHERE id = ${id} FOR UPDATE`,
    sql`SELECT * FROM ownerships WHERE job = ${id} ORDER BY token DESC LIMIT 1`,
    sql`SELECT max(token) INTO @owner FROM ownerships WHERE job = ${id}`,
    sql`UPDATE jobs j SET j.token = j.token + 1, j.owner = NULL
      WHERE j.id = ${id} AND j.state IN (${STARTABLE}) AND ${named} AND EXISTS
        (SELECT 1 FROM ownerships o WHERE o.job = j.id AND o.token = j.token AND o.ended IS NULL)`,
    sql`SET @released = ROW_COUNT()`,
    sql`UPDATE ownerships SET ended = 'released', ended_at = ${to.now}
      WHERE job = ${id} AND token = @owner AND ended IS NULL AND @released = 1`,
  ]);
  const [row, last] = [answers[0]?.rows[0], answers[1]?.rows[0]];
  if (row === undefined) return { released: "unknown" };
  const state = toState(row);
  if (last === undefined) return { released: "conflict", state };
  const { token, owner, agent, ended } = toOwnership(last);
  const from: Deprived = { token, owner, agent };
  const isNamed = wanted === undefined || wanted === token;
  const nobody = isEmpty(row, "owner") && ended === "released";
  if (isStartable(state) && nobody && isNamed) return { released: "done", from }; // Asked again.
  if (!isStartable(state) || ended !== undefined) return { released: "conflict", state };
  return isNamed ? { released: "done", from } : { released: "conflict", state, owner: from };
}

/** P-42 */
export async function reprioritise(to: Transactions, id: string, priority: number): Promise<Asked> {
  const { answers } = await to.run([
    sql`SELECT id, state FROM jobs WHERE id = ${id} FOR UPDATE`,
    sql`UPDATE jobs SET priority = ${priority} WHERE id = ${id} AND state = 'WAITING'`,
    sql`UPDATE job_controls SET slot_rank = ${-priority} WHERE job = ${id} AND EXISTS
      (SELECT 1 FROM jobs j WHERE j.id = ${id} AND j.state = 'WAITING')`, // P-45
  ]);
  const row = answers[0]?.rows[0];
  if (row === undefined) return { asked: "unknown" };
  const state = toState(row);
  return { asked: state === "WAITING" ? "done" : "conflict", state };
}

/** P-41: whether the job may be removed; one that is over stays so. */
export async function removable({ database }: Transactions, id: string): Promise<Removed> {
  const [row] = await database.read(sql`SELECT id, state FROM jobs WHERE id = ${id}`);
  if (row === undefined) return { removed: "unknown" };
  const state = toState(row);
  return isEnded(state) ? { removed: "done" } : { removed: "conflict", state };
}

export async function retries({ database }: Transactions, id: string): Promise<Retries> {
  const rows = await database.read(sql`
    SELECT job, retry_of FROM retries WHERE job = ${id}
    UNION ALL SELECT * FROM (SELECT job, retry_of FROM retries WHERE retry_of = ${id}
      ORDER BY job LIMIT ${RETRIES_MAX}) AS others`);
  const own = rows.find((row) => row["job"] === id);
  const by = rows.filter((row) => row !== own).map((row) => text(row, "job"));
  return own === undefined ? { by } : { of: text(own, "retry_of"), by };
}

export async function required({ database }: Transactions, id: string): Promise<readonly Clause[]> {
  const [row] = await database.read(sql`SELECT job, clauses FROM requirements WHERE job = ${id}`);
  return row === undefined ? [] : toClauses(row);
}
