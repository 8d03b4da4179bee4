import type { Session } from "../../../mysql/session.js";
import { type Sql, sql, table } from "../../../mysql/sql.js";
import type { RunFlow } from "./ours.js";

/*
 * What is compared with: writers without engine, ownership or verdicts that write the rows of the
 * same flows. Tokens and owners are those of a job that nobody ever owned: the fence is checked.
 */

interface Row {
  readonly job: string;
  readonly seq: number;
  readonly body: string;
}

/** Bodies of the entries of one flow, as the journal has them. */
export type Bodies = readonly string[];

/** Each change of an atom is a row and a commit of its own, on the next free session. */
export function singleWriter(sessions: readonly Session[], bodies: Bodies): RunFlow {
  const changes = bodies.flatMap((body) => (JSON.parse(body) as unknown[]).map(toText));
  const free = [...sessions];
  const waiting: (() => void)[] = [];
  const write = async (row: Row): Promise<void> => {
    while (free.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    const session = free.pop();
    await session?.run([insert([row])]);
    if (session !== undefined) free.push(session);
    waiting.shift()?.();
  };
  return async (job) => {
    for (const [index, body] of changes.entries()) await write({ job, seq: index + 1, body });
  };
}

function toText(change: unknown): string {
  return JSON.stringify([change]);
}

interface Pending {
  readonly row: Row;
  readonly resolve: () => void;
}

/** Rows of all flows that wait share a transaction, by turns on two sessions. */
export function groupingWriter(sessions: readonly Session[], bodies: Bodies): RunFlow {
  let queue: Pending[] = [];
  const free = [...sessions];
  const flush = async (): Promise<void> => {
    const session = free.pop();
    if (session === undefined) return;
    while (queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const batch = queue.splice(0, 500);
      if (batch.length === 0) break;
      await session.run(transaction(batch.map(({ row }) => row)));
      for (const { resolve } of batch) resolve();
    }
    free.push(session);
  };
  const write = (row: Row): Promise<void> =>
    new Promise((resolve) => {
      queue.push({ row, resolve });
      void flush();
    });
  return async (job) => {
    for (const [index, body] of bodies.entries()) await write({ job, seq: index + 1, body });
  };
}

function transaction(rows: readonly Row[]): readonly Sql[] {
  const jobs = table(rows.map(({ job }) => ({ job })));
  return [
    sql`START TRANSACTION`,
    sql`SELECT j.id, j.token, j.owner, j.state FROM ${jobs} v
      STRAIGHT_JOIN jobs j ON j.id = v.job FOR UPDATE`,
    insert(rows),
    sql`COMMIT`,
  ];
}

function insert(rows: readonly Row[]): Sql {
  const values = table(rows.map(({ job, seq, body }) => ({ job, seq, token: 0, body })));
  return sql`INSERT INTO entries (job, seq, token, owner, at, body)
    SELECT v.job, v.seq, v.token, 'bench.1', 0, v.body FROM ${values} v
    STRAIGHT_JOIN jobs j ON j.id = v.job
    WHERE j.token = v.token AND j.owner IS NULL AND j.state IN ('WAITING', 'RUNNING', 'REVERTING')`;
}
