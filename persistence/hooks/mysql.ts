import { list, sql, type Sql, through } from "../../mysql/sql.js";
import { integer } from "../columns.js";
import type { Transactions } from "../mysql/transaction.js";
import type { Append } from "../persistence.js";
import type { HookCall, HookStore, TakenCall } from "./port.js";
import { inMs, toCall } from "./rows.js";

/**
 * Of a server's database. Every change is one statement: done twice it is harmless. One that was
 * done and whose answer is lost takes a call for nobody, until its lease is over.
 */
export function hooksOnServer(to: Transactions): HookStore {
  const { database } = to;
  return {
    async take({ hooks, limit, leaseMs }) {
      const mine = sql`hook IN (${list(hooks)})`;
      const rows = await database.read(sql`
        SELECT * FROM (SELECT *, ${to.now} AS now FROM hook_calls
          WHERE due_at <= ${to.now} AND ${mine} ORDER BY due_at, id LIMIT ${limit}) AS come
        UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, min(due_at), NULL, ${to.now}
          FROM hook_calls WHERE due_at > ${to.now} AND ${mine}`);
      const next = rows.at(-1) ?? {};
      const now = integer(next, "now");
      const calls: TakenCall[] = [];
      for (const { dueAt, ...call } of rows.slice(0, -1).map(toCall)) {
        const { answers } = await database.write([
          sql`UPDATE hook_calls SET due_at = ${to.now} + ${leaseMs}, tries = tries + 1
            WHERE id = ${call.id} AND due_at = ${dueAt}`,
        ]);
        if (answers[0]?.changed === 1) calls.push({ ...call, tries: call.tries + 1 });
      }
      return { now, calls, ...inMs(next, now) };
    },
    async done(id) {
      await database.write([sql`DELETE FROM hook_calls WHERE id = ${id}`]);
    },
    async later(id, ms) {
      await database.write([
        sql`UPDATE hook_calls SET due_at = ${to.now} + ${ms} WHERE id = ${id}`,
      ]);
    },
    async forsake({ hooks, overdueMs, limit }) {
      const rows = await database.read(sql`
        SELECT * FROM hook_calls WHERE due_at <= ${to.now} - ${overdueMs}
          AND hook NOT IN (${list(hooks)}) ORDER BY due_at, id LIMIT ${limit}`);
      const forsaken: TakenCall[] = [];
      for (const { dueAt, ...call } of rows.map(toCall)) {
        const { answers } = await database.write([
          sql`DELETE FROM hook_calls WHERE id = ${call.id} AND due_at = ${dueAt}`,
        ]);
        if (answers[0]?.changed === 1) forsaken.push(call);
      }
      return forsaken;
    },
  };
}

const INSERT = sql`INSERT INTO hook_calls (id, hook, job, state, at, due_at, tries)`;
const ONCE = sql`ON DUPLICATE KEY UPDATE hook_calls.tries = hook_calls.tries`;

/** Behind the statements that have changed the jobs: of those that are now as was wanted. */
export function noteHooks(
  appends: readonly Append[],
  { fence, now }: { readonly fence: Sql; readonly now: Sql },
): readonly Sql[] {
  const rows = appends.flatMap(({ hooks = [], job, token, owner, state = "" }) =>
    hooks.map(({ id, hook }) => ({ id, hook, job, token, owner, state })),
  );
  if (rows.length === 0) return [];
  const { before, v } = through(rows);
  return [
    sql`${INSERT} SELECT ${v.id}, ${v.hook}, j.id, j.state, ${now}, ${now}, 0 FROM ${before} jobs j
      WHERE j.id = ${v.job} AND j.token = ${v.token} AND j.owner = ${v.owner}
        AND j.state = ${v.state} ${fence} ${ONCE}`,
  ];
}

/** The same of one job: `jobs` is what follows FROM, and calls it `j`. */
export function noteHooksOf(
  hooks: readonly HookCall[] | undefined,
  { jobs, now }: { readonly jobs: Sql; readonly now: Sql },
): readonly Sql[] {
  return (hooks ?? []).map(
    ({ id, hook }) =>
      sql`${INSERT} SELECT ${id}, ${hook}, j.id, j.state, ${now}, ${now}, 0 FROM ${jobs} ${ONCE}`,
  );
}
