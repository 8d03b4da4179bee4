import { createHash } from "node:crypto";
import { isEnded, isStartable, toSignature } from "../../common/job.js";
import { list, Sql, sql, table } from "../../mysql/sql.js";
import { type Columns, integer, isEmpty } from "../columns.js";
import type { Append, Raise, Verdict } from "../persistence.js";
import { toRequest, toState } from "../rows.js";
import { howItEnded, type Written } from "../writing.js";
import { lockJobs, raiseAll, STARTABLE } from "./ownership.js";
import type { Transactions } from "./transaction.js";

/*
 * P-14: the appends of all jobs in one packet.
 *
 *   lock the jobs, raise those that nobody owned (P-11)    only if there are any
 *   look: lock the jobs, tell what each verdict needs      the fence, held until the commit (P-13)
 *   @stale := those that change their job and are in       only if any change it; mostly empty
 *   insert the entries that pass the fence
 *   change the jobs that are not in @stale                 only if any change it
 *
 * Nothing depends on what is told, so nobody is waited for. An entry and the change of its job are
 * one transaction: where the entry is in already, the change has been made as well, and a packet
 * that arrives late or twice must not make it again.
 */

const REFUSED: Verdict = { accepted: false };
/** What the statements take beside the bodies of an append, bytes; measured about 600. */
const OVERHEAD_BYTES = 1_024;
/** A body between quotes: JSON is full of characters that are escaped. */
const ESCAPED_MAX = 2;

/** Answers in the order of the appends. */
export async function append(
  to: Transactions,
  appends: readonly Written[],
): Promise<readonly Verdict[]> {
  const verdicts = new Map<Written, Verdict>();
  for (const packet of toPackets(appends, to.database.packetBytesMax)) {
    for (const [one, verdict] of await send(to, packet)) verdicts.set(one, verdict);
  }
  return appends.map((one) => verdicts.get(one) ?? REFUSED);
}

/** As much as the server takes at once, and each job once: the first of two comes first. */
function toPackets(appends: readonly Written[], bytesMax: number): readonly Written[][] {
  const packets: Written[][] = [];
  let jobs = new Set<string>();
  let bytes = 0;
  for (const one of appends) {
    const size = bytesOf(one) * ESCAPED_MAX + OVERHEAD_BYTES;
    if (packets.length === 0 || jobs.has(one.append.job) || bytes + size > bytesMax) {
      packets.push([]);
      jobs = new Set();
      bytes = 0;
    }
    packets.at(-1)?.push(one);
    jobs.add(one.append.job);
    bytes += size;
  }
  return packets;
}

function bytesOf({ body, flow }: Written): number {
  const texts =
    flow === undefined ? 0 : Buffer.byteLength(flow.spec) + Buffer.byteLength(flow.params);
  return Buffer.byteLength(body) + texts;
}

async function send(
  to: Transactions,
  packet: readonly Written[],
): Promise<readonly (readonly [Written, Verdict])[]> {
  const appends = [...packet].sort((a, b) => (a.append.job < b.append.job ? -1 : 1));
  const raises = appends.flatMap(({ append }): Raise[] => (append.raise ? [append.raise] : []));
  const before = raises.length === 0 ? [] : raiseAll(raises);
  // The raises lock their own jobs, in order; all at once must be in order as well.
  if (raises.length > 0 && raises.length < appends.length) {
    before.unshift(lockJobs(appends.map(({ append }) => append.job)));
  }
  const changes = appends.flatMap(({ append }) => toChange(append));
  const moves = appends.flatMap(toMove);
  const statements = [...before, look(appends), ...findStale([...changes, ...moves])];
  const { answers, repeated } = await to.run([
    ...statements,
    insert(appends),
    ...moveFlows(moves), // First: what ends passes no fence.
    ...change(changes),
  ]);
  const rows = answers[before.length]?.rows ?? [];
  const found = new Map(rows.map((row) => [row["id"], row]));
  return appends.map((one) => [one, judge(one, found.get(one.append.job), repeated)]);
}

/** An entry that is there is told by a digest: it may be large. */
function look(appends: readonly Written[]): Sql {
  const wanted = table(appends.map(({ append: { job, seq } }) => ({ job, seq })));
  return sql`SELECT j.id, j.token, j.owner, j.state, j.request,
      e.token AS entry_token, e.owner AS entry_owner, SHA2(e.body, 256) AS entry_digest
    FROM ${wanted} v STRAIGHT_JOIN jobs j ON j.id = v.job
    LEFT JOIN entries e ON e.job = v.job AND e.seq = v.seq FOR UPDATE`;
}

function insert(appends: readonly Written[]): Sql {
  const rows = table(
    appends.map(({ append: { job, seq, token, owner }, body }) => ({
      ...{ job, seq, token, owner, body },
    })),
  );
  return sql`INSERT INTO entries (job, seq, token, owner, at, body)
    SELECT v.job, v.seq, v.token, v.owner, @now, v.body
    FROM ${rows} v STRAIGHT_JOIN jobs j ON j.id = v.job
    WHERE j.token = v.token AND j.owner = v.owner AND j.state IN (${STARTABLE})
    ON DUPLICATE KEY UPDATE entries.seq = entries.seq`;
}

/**
 * An entry that is there is a repeated one whose answer was lost (P-19). In a first try it would
 * mean that the journal went on behind the owner's back: the owner has to load again.
 */
function judge({ append, body }: Written, row: Columns | undefined, repeated: boolean): Verdict {
  if (row === undefined) return REFUSED;
  if (integer(row, "token") !== append.token || row["owner"] !== append.owner) return REFUSED;
  const isNew = isEmpty(row, "entry_owner");
  const again = append.repeated || repeated;
  if (isNew ? !isStartable(toState(row)) : !(again && isThere(append, body, row))) return REFUSED;
  const request = toRequest(row);
  return request === undefined ? { accepted: true } : { accepted: true, request };
}

function isThere(append: Append, body: string, row: Columns): boolean {
  if (row["entry_owner"] !== append.owner) return false;
  if (integer(row, "entry_token") !== append.token) return false;
  return row["entry_digest"] === createHash("sha256").update(body).digest("hex");
}

/** What becomes of a job and its ownership with an entry. */
interface JobChange {
  readonly [column: string]: string | number | null;
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
  /** 1: it is SUSPENDED because somebody asked; see `change`. */
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
interface FlowMove {
  readonly [column: string]: string | number;
  readonly job: string;
  readonly seq: number;
  readonly token: number;
  readonly owner: string;
}

function toMove({ append, flow }: Written): readonly FlowMove[] {
  if (append.flow === undefined || flow === undefined) return [];
  const { job, seq, token, owner } = append;
  const { needs, flowHash } = append.flow;
  const moved = { version: needs.version, signature: toSignature(needs), flow_hash: flowHash };
  return [{ ...{ job, seq, token, owner }, ...moved, ...flow }];
}

function moveFlows(moves: readonly FlowMove[]): readonly Sql[] {
  if (moves.length === 0) return [];
  return [
    sql`UPDATE ${table(moves)} v STRAIGHT_JOIN jobs j ON j.id = v.job
      STRAIGHT_JOIN job_texts t ON t.job = v.job
      SET j.version = v.version, j.signature = v.signature, j.flow_hash = v.flow_hash,
        t.spec = v.spec, t.params = v.params
      WHERE ${MAY_CHANGE}`,
  ];
}

function findStale(changes: readonly { job: string; seq: number }[]): readonly Sql[] {
  if (changes.length === 0) return [];
  const wanted = table(changes.map(({ job, seq }) => ({ job, seq })));
  return [
    sql`SELECT coalesce(group_concat(e.job), '') INTO @stale
      FROM ${wanted} v STRAIGHT_JOIN entries e ON e.job = v.job AND e.seq = v.seq`,
  ];
}

/** The fence once more, for changes of jobs; v has the append, j the job. */
const MAY_CHANGE = sql`j.token = v.token AND j.owner = v.owner AND j.state IN (${STARTABLE})
  AND NOT FIND_IN_SET(j.id, @stale)`;

/**
 * An owner that suspends obeys a request it saw earlier. Meanwhile somebody may have withdrawn it,
 * or asked to cancel: SUSPENDED would then hold the job for ever, as nobody claims it. These go
 * through statements of their own, since columns of several tables are set in no certain order.
 */
function change(changes: readonly JobChange[]): readonly Sql[] {
  const ends = changes.filter(({ ended }) => ended !== null);
  const states = changes.filter(({ state, asked }) => state !== null && asked === 0);
  const asked = changes.filter((change) => change.asked === 1);
  return [
    ...(ends.length === 0 ? [] : [endOwnerships(ends)]), // First: what ends passes no fence.
    ...alike(states).map(setStates),
    ...(asked.length === 0 ? [] : suspendAsked(asked)),
  ];
}

function endOwnerships(ends: readonly JobChange[]): Sql {
  const rows = ends.map(({ job, token, owner, ended }) => ({ job, token, owner, ended }));
  return sql`UPDATE ${table(rows)} v STRAIGHT_JOIN jobs j ON j.id = v.job
    STRAIGHT_JOIN ownerships o ON o.job = v.job AND o.token = v.token
    SET o.ended = v.ended, o.ended_at = @now
    WHERE ${MAY_CHANGE} AND o.ended IS NULL`;
}

const CANCELS = sql`coalesce(j.request, '') IN ('cancel', 'cancel-no-revert')`;

/**
 * Of one table and without a list of rows, which takes a fourth of the time: a change of several
 * tables goes through a temporary one, on the server's disk as soon as it holds a reason.
 */
function setStates(changes: readonly JobChange[]): Sql {
  const { state, reason, ends, parks } = changes[0] as JobChange; // The same in all of them.
  // An owner that never saw a cancel does not park the job; one that began after it may.
  const unseen = sql`${parks} AND ${CANCELS} AND j.token <= coalesce(j.resumed_at_token, 0)`;
  // A cancel outlives being parked: nobody has obeyed it yet. (What is set to NULL here cancels
  // nothing, so that it does not matter which column is set first.)
  const obeyed = sql`${ends} OR (${parks} AND NOT ${CANCELS})`;
  const ids = changes.map(({ job }) => job);
  const owned = changes.map(({ job, token, owner }) => sql`(${list([job, token, owner])})`.text);
  return sql`UPDATE jobs j FORCE INDEX (PRIMARY)
    SET j.state = IF(${unseen}, 'WAITING', ${state}), j.reason = IF(${unseen}, NULL, ${reason}),
      j.request = IF(${obeyed}, NULL, j.request),
      j.ended_at = IF(${ends}, @now, NULL), j.bytes = IF(${ends}, ${BYTES}, 0)
    WHERE j.id IN (${list(ids)}) AND (j.id, j.token, j.owner) IN (${new Sql(owned.join(", "))})
      AND j.state IN (${STARTABLE}) AND j.state <> ${state} AND NOT FIND_IN_SET(j.id, @stale)`;
}

/** Jobs that take the same change, together: all but a few end well. */
function alike(changes: readonly JobChange[]): readonly (readonly JobChange[])[] {
  const groups = new Map<string, JobChange[]>();
  for (const change of changes) {
    const key = `${change.state ?? ""} ${change.reason ?? ""}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [change]);
    else group.push(change);
  }
  return [...groups.values()];
}

/** What a job takes, for retention. */
export const BYTES = sql`
  (SELECT coalesce(sum(length(body)), 0) FROM entries WHERE entries.job = j.id)
  + (SELECT length(spec) + length(params) FROM job_texts WHERE job_texts.job = j.id)`;

function suspendAsked(asked: readonly JobChange[]): readonly Sql[] {
  const rows = table(asked.map(({ job, token, owner }) => ({ job, token, owner })));
  return [
    sql`UPDATE ${rows} v STRAIGHT_JOIN jobs j ON j.id = v.job
      SET j.state = IF(j.request = 'suspend', 'SUSPENDED', 'WAITING'), j.reason = NULL
      WHERE ${MAY_CHANGE}`,
    sql`UPDATE ${rows} v STRAIGHT_JOIN jobs j ON j.id = v.job SET j.request = NULL
      WHERE j.state = 'SUSPENDED' AND j.request = 'suspend'`, // Obeyed.
  ];
}
