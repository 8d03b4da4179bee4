import { isEnded, type JobRequest, type JobState, type StateReason } from "../../common/job.js";
import type { Change } from "../../engine/journal.js";
import { Sql, sql } from "../../mysql/sql.js";
import { OF_ATOM, STARTABLE_LIST } from "../queries.js";
import { noteHooksOf } from "../hooks/mysql.js";
import type { HookCall } from "../hooks/port.js";
import type { Asker } from "../persistence.js";
import type { Asked } from "../verbs/port.js";
import { toRequest, toState } from "../rows.js";
import { toCancelReason } from "../writing.js";
import { BYTES } from "./changing.js";
import type { Outcome, Transactions } from "./transaction.js";

/*
 * P-24, each in one packet: the job is locked and told as it was, then statements apply where its
 * state allows. The lock comes first, in a statement of its own, so that the others see what an
 * append under way has committed.
 */

interface Found {
  readonly state: JobState;
  readonly request: JobRequest | undefined;
}

export function lock(id: string): Sql {
  return sql`SELECT id, state, request FROM jobs WHERE id = ${id} FOR UPDATE`;
}

function found({ answers }: Outcome, statement: number): Found | undefined {
  const row = answers.at(statement)?.rows[0];
  return row === undefined ? undefined : { state: toState(row), request: toRequest(row) };
}

/** States of jobs that are not over. */
const OPEN = new Sql(`${STARTABLE_LIST}, 'SUSPENDED'`);

interface CancelOptions {
  readonly by: Asker;
  readonly revert: boolean;
  readonly reason: string | undefined;
}

export async function cancel(
  to: Transactions,
  id: string,
  { by, revert, reason }: CancelOptions,
): Promise<Asked> {
  const request: JobRequest = revert ? "cancel" : "cancel-no-revert";
  const why = toCancelReason(reason);
  const told = why.reason === undefined ? null : JSON.stringify(why.reason);
  const outcome = await to.run([
    lock(id),
    ...cancelAtOnce(id, { by, revert, now: to.now, ...why }),
    // Somebody has to obey; what owners died over before is not what they will do next (P-25).
    sql`UPDATE jobs SET reason = coalesce(${told},
          IF(request LIKE 'cancel%' AND state <> 'SUSPENDED', reason, NULL)),
        request = ${request}, resumed_at_token = token,
        state = CASE state WHEN 'SUSPENDED' THEN 'WAITING' ELSE state END
      WHERE id = ${id} AND state IN (${OPEN})`,
    sql`SELECT id, state, request FROM jobs WHERE id = ${id}`,
  ]);
  const [before, after] = [found(outcome, 0), found(outcome, -1)];
  if (before === undefined || after === undefined) return { asked: "unknown" };
  if (after.state === "CANCELLED") return { asked: "done", state: "CANCELLED" };
  if (isEnded(before.state)) return { asked: "conflict", state: before.state };
  return { asked: "requested", state: after.state };
}

/** When nothing ran, or is to be reverted, and nobody owns it: no owner is needed to end it. */
function cancelAtOnce(
  id: string,
  { revert, ...end }: Omit<AtOnce, "when" | "changes"> & { readonly revert: boolean },
): readonly Sql[] {
  const when = sql`state IN (${OPEN})
    AND (@next = 1 OR (state = 'SUSPENDED' AND (${revert ? 0 : 1} OR NOT @begun)))`;
  return [
    // Whether any entry names an atom; the first ones of a job that ran do.
    sql`SELECT EXISTS (SELECT 1 FROM entries WHERE job = ${id} AND LOCATE(${OF_ATOM}, body) > 0)
      INTO @begun`,
    ...endAtOnce(id, { ...end, when, changes: [{ change: "flow", to: "CANCELLED" }] }),
  ];
}

interface AtOnce {
  readonly by: Asker;
  readonly now: Sql;
  /** Of the job's row, which is locked; @next is the number of its next entry. */
  readonly when: Sql;
  /** What the journal says of it. */
  readonly changes: readonly Change[];
  readonly reason?: StateReason;
}

/** The raised token fences an owner that is between its raise and its first append. */
export function endAtOnce(id: string, { by, now, when, changes, reason }: AtOnce): readonly Sql[] {
  const mine = sql`FROM jobs j WHERE j.id = ${id} AND j.owner = ${by.owner}
    AND j.state = 'CANCELLED' AND @cancelled = 1`;
  const body = JSON.stringify(changes);
  const why = reason === undefined ? null : JSON.stringify(reason);
  return [
    sql`SELECT coalesce(max(seq), 0) + 1 INTO @next FROM entries WHERE job = ${id}`,
    sql`UPDATE jobs SET state = 'CANCELLED', token = token + 1, owner = ${by.owner},
        agent = ${by.agent}, request = NULL, reason = ${why}, ended_at = ${now}
      WHERE id = ${id} AND ${when}`,
    sql`SET @cancelled = ROW_COUNT()`,
    sql`INSERT INTO ownerships (job, token, owner, agent, machine, at, first_seq, ended, ended_at)
      SELECT id, token, owner, agent, ${by.machine}, ${now}, @next, 'outcome', ${now} ${mine}`,
    sql`INSERT INTO entries (job, seq, token, owner, at, body, bytes)
      SELECT id, @next, token, owner, ${now}, ${body}, ${body.length} ${mine}`,
    sql`UPDATE jobs j SET j.bytes = ${BYTES} WHERE j.id = ${id} AND @cancelled = 1`,
    sql`UPDATE job_controls SET slot = 'over'
      WHERE job = ${id} AND slot IS NOT NULL AND @cancelled = 1`,
    ...noteHooksOf(by.hooks, {
      jobs: sql`jobs j WHERE j.id = ${id} AND j.owner = ${by.owner} AND @cancelled = 1`,
      now,
    }),
  ];
}

export async function suspend(
  to: Transactions,
  id: string,
  hooks?: readonly HookCall[],
): Promise<Asked> {
  const outcome = await to.run([
    lock(id),
    sql`UPDATE jobs SET request = NULL, state = 'SUSPENDED'
      WHERE id = ${id} AND state = 'WAITING' AND (request IS NULL OR request = 'suspend')`,
    sql`SET @suspended = ROW_COUNT()`,
    ...noteHooksOf(hooks, {
      jobs: sql`jobs j WHERE j.id = ${id} AND @suspended = 1`,
      now: to.now,
    }),
    sql`UPDATE jobs SET request = 'suspend', reason = NULL
      WHERE id = ${id} AND state IN ('RUNNING', 'REVERTING') AND request IS NULL`,
  ]);
  const before = found(outcome, 0);
  if (before === undefined) return { asked: "unknown" };
  const { state } = before;
  if (state === "SUSPENDED") return { asked: "done", state };
  if (isTakenBack(before)) return { asked: "conflict", state };
  return state === "WAITING"
    ? { asked: "done", state: "SUSPENDED" }
    : { asked: "requested", state };
}

export async function resume(to: Transactions, id: string): Promise<Asked> {
  const outcome = await to.run([
    lock(id),
    sql`UPDATE jobs SET request = NULL
      WHERE id = ${id} AND state IN (${OPEN}) AND request = 'suspend'`,
    // A cancel that the job was parked with is not taken back: it is tried again.
    sql`UPDATE jobs SET reason = NULL, resumed_at_token = token, state = 'WAITING'
      WHERE id = ${id} AND state = 'SUSPENDED'`,
  ]);
  const before = found(outcome, 0);
  if (before === undefined) return { asked: "unknown" };
  const { state } = before;
  if (state === "SUSPENDED") return { asked: "done", state: "WAITING" };
  return { asked: isTakenBack(before) ? "conflict" : "done", state };
}

/** What is over stays so, and a cancel is not taken back. */
function isTakenBack({ state, request }: Found): boolean {
  return isEnded(state) || (request !== undefined && request !== "suspend");
}
