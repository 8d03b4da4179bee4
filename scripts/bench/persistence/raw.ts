import type { Session } from "../../../mysql/session.js";
import { type Sql, sql, table } from "../../../mysql/sql.js";
import type { RunFlow } from "./ours.js";

/*
 * What is compared with: writers without engine, journal or verdicts. The grouping one writes the
 * same rows as our flows do (entries, ownerships, the job's row at its begin and end) and checks
 * the fence; the single one writes a row for each change and nothing else.
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
    await session?.run([insertAlone(row)]);
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
  const queue: Pending[] = [];
  const free = [...sessions];
  const flush = async (): Promise<void> => {
    const session = free.pop();
    if (session === undefined) return;
    while (queue.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const batch = queue.splice(0, 500);
      if (batch.length === 0) break;
      await session.run(
        transaction(
          batch.map(({ row }) => row),
          bodies.length,
        ),
      );
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

function transaction(rows: readonly Row[], last: number): readonly Sql[] {
  const jobs = table(rows.map(({ job }) => ({ job })));
  const begun = rows.flatMap(({ job, seq }) => (seq === 1 ? [{ job }] : []));
  const ended = rows.flatMap(({ job, seq }) => (seq === last ? [{ job }] : []));
  return [
    sql`START TRANSACTION`,
    sql`SELECT j.id, j.token, j.owner, j.state FROM ${jobs} v
      STRAIGHT_JOIN jobs j ON j.id = v.job FOR UPDATE`,
    ...(begun.length === 0 ? [] : begin(table(begun))),
    insert(rows),
    ...(ended.length === 0 ? [] : end(table(ended))),
    sql`COMMIT`,
  ];
}

function begin(jobs: Sql): readonly Sql[] {
  return [
    sql`UPDATE ${jobs} v STRAIGHT_JOIN jobs j ON j.id = v.job
      SET j.token = 1, j.owner = 'bench.1', j.agent = 'bench', j.state = 'RUNNING'
      WHERE j.token = 0`,
    sql`INSERT INTO ownerships (job, token, owner, agent, machine, at, first_seq)
      SELECT v.job, 1, 'bench.1', 'bench', 'bench', 0, 1 FROM ${jobs} v`,
  ];
}

function end(jobs: Sql): readonly Sql[] {
  return [
    sql`UPDATE ${jobs} v STRAIGHT_JOIN jobs j ON j.id = v.job
      SET j.state = 'SUCCESS', j.ended_at = 1, j.bytes = 1`,
    sql`UPDATE ${jobs} v STRAIGHT_JOIN ownerships o ON o.job = v.job AND o.token = 1
      SET o.ended = 'outcome', o.ended_at = 1`,
  ];
}

function insert(rows: readonly Row[]): Sql {
  const values = table(
    rows.map(({ job, seq, body }) => ({
      ...{ job, seq, token: 1, owner: "bench.1", body, bytes: body.length },
    })),
  );
  return sql`INSERT INTO entries (job, seq, token, owner, at, body, bytes)
    SELECT v.job, v.seq, v.token, v.owner, 0, v.body, v.bytes FROM ${values} v
    STRAIGHT_JOIN jobs j ON j.id = v.job
    WHERE j.token = v.token AND j.owner = v.owner
      AND j.state IN ('WAITING', 'RUNNING', 'REVERTING')`;
}

function insertAlone({ job, seq, body }: Row): Sql {
  return sql`INSERT INTO entries (job, seq, token, owner, at, body, bytes)
    VALUES (${job}, ${seq}, 1, 'bench.1', 0, ${body}, ${body.length})`;
}
