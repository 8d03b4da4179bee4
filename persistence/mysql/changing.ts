import { isEnded, toSignature } from "../../common/job.js";
import { list, Sql, sql, through } from "../../mysql/sql.js";
import { noteHooks } from "../hooks/mysql.js";
import type { Append } from "../persistence.js";
import { bytesOfTexts, type FlowTexts } from "../texts.js";
import { howItEnded, type Written } from "../writing.js";
import { STARTABLE } from "./ownership.js";

/*
 * What becomes of a job and its ownership with an entry, in the entry's transaction: the flow in
 * which it goes on, how the ownership ended, its state.
 */

export interface ChangeOptions {
  /** Database time as an expression. */
  readonly now: Sql;
  /** Some of the entries may be there already: these have changed their jobs, and must not again. */
  readonly compare: boolean;
}

/** Around the statement that inserts the entries. */
export interface Changes {
  readonly before: readonly Sql[];
  readonly after: readonly Sql[];
}

export function toChanges(appends: readonly Written[], options: ChangeOptions): Changes {
  const changes = appends.flatMap(({ append }) => toChange(append));
  const moves = appends.flatMap(toMove);
  const { now, compare } = options;
  const known = [...changes, ...moves];
  if (known.length === 0) return { before: [], after: [] };
  const fence = compare ? sql`${FENCE} AND NOT FIND_IN_SET(j.id, @stale)` : FENCE;
  const ends = changes.filter(({ ended }) => ended !== null);
  const states = changes.filter(({ state, asked }) => state !== null && asked === 0);
  const asked = changes.filter((change) => change.asked === 1);
  return {
    before: compare ? [findStale(known)] : [],
    after: [
      ...(moves.length === 0 ? [] : [moveFlows(moves, fence)]), // First: what ends passes no fence.
      ...alike(ends, ({ ended }) => ended).map((some) => endOwnerships(some, fence, now)),
      ...alike(states, toStateAndReason).map((some) => setStates(some, fence, now)),
      ...(asked.length === 0 ? [] : suspendAsked(asked, fence)),
      ...noteHooks(
        appends.map(({ append }) => append),
        { fence: compare ? sql`AND NOT FIND_IN_SET(j.id, @stale)` : sql``, now },
      ),
    ],
  };
}

interface JobChange {
  readonly job: string;
  readonly seq: number;
  readonly token: number;
  readonly owner: string;
  /** NULL: as it is. */
  readonly state: string | null;
  readonly reason: string | null;
  /** 1: the job ends. */
  readonly ends: number;
  /** 1: it is SUSPENDED for a reason that nobody asked for. */
  readonly parks: number;
  /** 1: it is SUSPENDED because somebody asked; see `suspendAsked`. */
  readonly asked: number;
  readonly ended: string | null;
}

function toChange(append: Append): readonly JobChange[] {
  const { job, seq, token, owner, reason } = append;
  // A raise sets RUNNING by itself, and a job that was never owned is nothing else.
  const raised = append.raise !== undefined && append.state === "RUNNING";
  const state = raised ? null : (append.state ?? null);
  const ended = howItEnded(append) ?? null;
  if (state === null && ended === null) return [];
  return [
    {
      ...{ job, seq, token, owner, state, ended },
      reason: reason === undefined ? null : JSON.stringify(reason),
      ends: state !== null && isEnded(state) ? 1 : 0,
      parks: state === "SUSPENDED" && reason !== undefined ? 1 : 0,
      asked: state === "SUSPENDED" && reason === undefined ? 1 : 0,
    },
  ];
}

/** The flow in which a job goes on, beside the entry that says so. */
interface FlowMove extends FlowTexts {
  readonly job: string;
  readonly seq: number;
  readonly token: number;
  readonly owner: string;
  readonly version: number;
  readonly signature: string;
  readonly flow_hash: string;
  readonly bytes: number;
}

function toMove({ append, flow }: Written): readonly FlowMove[] {
  if (append.flow === undefined || flow === undefined) return [];
  const { job, seq, token, owner } = append;
  const { needs, flowHash } = append.flow;
  const moved = { version: needs.version, signature: toSignature(needs), flow_hash: flowHash };
  const bytes = bytesOfTexts(flow);
  return [{ ...{ job, seq, token, owner }, ...moved, ...flow, bytes }];
}

function findStale(changes: readonly { job: string; seq: number }[]): Sql {
  const { before, v } = through(changes.map(({ job, seq }) => ({ job, seq })));
  return sql`SELECT coalesce(group_concat(e.job), '') INTO @stale
    FROM ${before} entries e WHERE e.job = ${v.job} AND e.seq = ${v.seq}`;
}

/** P-12, for changes of jobs: (j.id, j.token, j.owner) is compared with the append's as well. */
const FENCE = sql`j.state IN (${STARTABLE})`;

function moveFlows(moves: readonly FlowMove[], fence: Sql): Sql {
  const { before, v } = through(moves.map((move) => ({ ...move })));
  return sql`UPDATE ${before} jobs j STRAIGHT_JOIN job_texts t ON t.job = j.id
    SET j.version = ${v.version}, j.signature = ${v.signature}, j.flow_hash = ${v.flow_hash},
      j.bytes = ${v.bytes}, t.spec = ${v.spec}, t.params = ${v.params}
    WHERE j.id = ${v.job} AND j.token = ${v.token} AND j.owner = ${v.owner} AND ${fence}`;
}

/** Of one table and without a list of rows, like `setStates`. */
function endOwnerships(ends: readonly JobChange[], fence: Sql, now: Sql): Sql {
  const { ended = null } = ends[0] ?? {}; // The same in all of them.
  return sql`UPDATE ownerships o SET o.ended = ${ended}, o.ended_at = ${now}
    WHERE o.job IN (${list(ends.map(({ job }) => job))})
      AND (o.job, o.token, o.owner) IN (${owners(ends)}) AND o.ended IS NULL
      AND EXISTS (SELECT 1 FROM jobs j
        WHERE j.id = o.job AND j.token = o.token AND j.owner = o.owner AND ${fence})`;
}

/** `('job', 1, 'owner'), ...` */
function owners(changes: readonly JobChange[]): Sql {
  const rows = changes.map(({ job, token, owner }) => `(${list([job, token, owner]).text})`);
  return new Sql(rows.join(", "));
}

const CANCELS = sql`coalesce(j.request, '') IN ('cancel', 'cancel-no-revert')`;

/**
 * Of one table and without a list of rows, which takes a fourth of the time: a change of several
 * tables goes through a temporary one, on the server's disk as soon as it holds a reason.
 */
function setStates(changes: readonly JobChange[], fence: Sql, now: Sql): Sql {
  const { state, reason, ends, parks } = changes[0] as JobChange; // The same in all of them.
  // An owner that never saw a cancel does not park the job; one that began after it may.
  // (What whoever cancelled it said stays with it then, as it does unless the job ends well.)
  const unseen = sql`${parks} AND ${CANCELS} AND j.token <= coalesce(j.resumed_at_token, 0)`;
  // A cancel outlives being parked: nobody has obeyed it yet. (What is set to NULL here cancels
  // nothing, so that it does not matter which column is set first.)
  const obeyed = sql`${ends} OR (${parks} AND NOT ${CANCELS})`;
  const keeps = sql`${state === "SUSPENDED" || state === "SUCCESS" ? 0 : 1} AND ${CANCELS}`;
  return sql`UPDATE jobs j FORCE INDEX (PRIMARY)
    SET j.state = IF(${unseen}, 'WAITING', ${state}),
      j.reason = IF((${unseen}) OR (${keeps}), j.reason, ${reason}),
      j.request = IF(${obeyed}, NULL, j.request),
      j.ended_at = IF(${ends}, ${now}, NULL), j.bytes = IF(${ends}, ${BYTES}, j.bytes)
    WHERE j.id IN (${list(changes.map(({ job }) => job))})
      AND (j.id, j.token, j.owner) IN (${owners(changes)}) AND j.state <> ${state} AND ${fence}`;
}

function toStateAndReason({ state, reason }: JobChange): string {
  return `${state ?? ""} ${reason ?? ""}`;
}

/** Jobs that take the same change, together: all but a few end well. */
function alike(
  changes: readonly JobChange[],
  key: (change: JobChange) => string | null,
): readonly (readonly JobChange[])[] {
  const groups = new Map<string | null, JobChange[]>();
  for (const change of changes) {
    const group = groups.get(key(change));
    if (group === undefined) groups.set(key(change), [change]);
    else group.push(change);
  }
  return [...groups.values()];
}

/** What a job takes that ends, for retention; until then the column tells of its texts alone. */
export const BYTES = sql`j.bytes
  + (SELECT coalesce(sum(e.bytes), 0) FROM entries e WHERE e.job = j.id)
  + (SELECT coalesce(sum(l.bytes), 0) FROM job_logs l WHERE l.job = j.id)`;

/**
 * An owner that suspends obeys a request it saw earlier. Meanwhile somebody may have withdrawn it,
 * or asked to cancel: SUSPENDED would then hold the job for ever, as nobody claims it. These go
 * through statements of their own, since columns of several tables are set in no certain order.
 */
function suspendAsked(asked: readonly JobChange[], fence: Sql): readonly Sql[] {
  const { before, v } = through(
    asked.map(({ job, token, owner }) => ({ ...{ job, token, owner } })),
  );
  const mine = sql`j.id = ${v.job} AND j.token = ${v.token} AND j.owner = ${v.owner}`;
  return [
    sql`UPDATE ${before} jobs j
      SET j.state = IF(j.request = 'suspend', 'SUSPENDED', 'WAITING'),
        j.reason = IF(${CANCELS}, j.reason, NULL)
      WHERE ${mine} AND ${fence}`,
    sql`UPDATE ${before} jobs j SET j.request = NULL
      WHERE ${mine} AND j.state = 'SUSPENDED' AND j.request = 'suspend'`, // Obeyed.
  ];
}
