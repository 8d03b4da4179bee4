import { Sql, sql, through } from "../../mysql/sql.js";
import { integer } from "../columns.js";
import type { Raise } from "../persistence.js";
import { STARTABLE_LIST } from "../queries.js";
import type { EndedOwnership } from "../writing.js";
import type { Transactions } from "./transaction.js";

/** States in which a job may be raised and written to. */
export const STARTABLE = new Sql(STARTABLE_LIST);

/**
 * P-7, inside a transaction. The update locks the jobs in the order of `raises`; the insert after
 * it sees what the owner before has committed, hence `first_seq`. An ownership that is there
 * already is a raise that is sent again. `unless` refuses them, by what was found out before.
 */
export function raiseAll(raises: readonly Raise[], now: Sql, unless?: Sql): readonly Sql[] {
  const { before, v } = through(
    raises.map(({ job, seen, owner, agent, machine, boardId }) => ({
      ...{ job, seen, owner, agent, machine },
      board: boardId,
    })),
  );
  // P-11: what was never owned has no entries, and most flows begin so.
  const firstSeq = raises.every(({ seen }) => seen === 0)
    ? sql`1`
    : sql`(SELECT coalesce(max(e.seq), 0) + 1 FROM entries e WHERE e.job = j.id)`;
  return [
    sql`UPDATE ${before} jobs j
      SET j.token = ${v.seen} + 1, j.owner = ${v.owner}, j.agent = ${v.agent},
        j.state = CASE j.state WHEN 'WAITING' THEN 'RUNNING' ELSE j.state END
      WHERE j.id = ${v.job} AND j.token = ${v.seen} AND j.state IN (${STARTABLE})
        AND (j.run_at IS NULL OR j.run_at <= ${now})
        AND ${v.board} = (SELECT board_id FROM cluster)
        ${unless === undefined ? sql`` : sql`AND NOT ${unless}`}`,
    sql`INSERT INTO ownerships (job, token, owner, agent, machine, at, first_seq)
      SELECT j.id, j.token, j.owner, j.agent, ${v.machine}, ${now}, ${firstSeq}
      FROM ${before} jobs j
      WHERE j.id = ${v.job} AND j.token = ${v.seen} + 1 AND j.owner = ${v.owner}
      ON DUPLICATE KEY UPDATE ownerships.job = ownerships.job`,
  ];
}

/** P-7. An owner's name is never used twice, so a row that has it tells that the raise is in. */
export async function raise(to: Transactions, wanted: Raise): Promise<number | undefined> {
  const row = sql`SELECT token, owner FROM jobs WHERE id = ${wanted.job}`;
  const { answers } = await to.run([...raiseAll([wanted], to.now), row]);
  const found = answers.at(-1)?.rows[0];
  if (found?.["owner"] !== wanted.owner) return undefined;
  const token = integer(found, "token");
  return token === wanted.seen + 1 ? token : undefined;
}

/** The first to say how an ownership ended is believed. */
export async function endOwnership(to: Transactions, end: EndedOwnership): Promise<void> {
  const { job, token, ended } = end;
  await to.database.write([
    sql`UPDATE ownerships SET ended = ${ended}, ended_at = ${to.now}
      WHERE job = ${job} AND token = ${token} AND ended IS NULL`,
  ]);
}
