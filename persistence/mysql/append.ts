import { createHash } from "node:crypto";
import { isStartable } from "../../common/job.js";
import { isDuplicate } from "../../mysql/faults.js";
import { list, type Sql, sql, through } from "../../mysql/sql.js";
import { type Columns, integer } from "../columns.js";
import type { Append, Raise, Verdict } from "../persistence.js";
import { toRequest, toState } from "../rows.js";
import { bytesOfTexts } from "../texts.js";
import type { Written } from "../writing.js";
import { type ChangeOptions, toChanges } from "./changing.js";
import { raiseAll, STARTABLE } from "./ownership.js";
import type { Transactions } from "./transaction.js";

/*
 * P-14: the appends of all jobs in one packet.
 *
 *   look: lock the jobs, tell what each verdict needs      the fence, held until the commit (P-13)
 *   raise those that nobody owned (P-11), look at them     only if there are any
 *   insert the entries that pass the fence
 *   change their jobs                                      only if any change it
 *
 * Nothing depends on what is told, so nobody is waited for. In a first try an entry that is there
 * already is an error, which takes everything back: nothing has to be compared. Otherwise a packet
 * compares as well: it tells which entries were there before (P-19), and leaves their jobs alone,
 * since an entry and the change of its job are one transaction.
 */

const REFUSED: Verdict = { accepted: false };
/** What the statements take beside the bodies of an append, bytes; measured about 600. */
const OVERHEAD_BYTES = 1_024;
/** A body between quotes: JSON is full of characters that are escaped. */
const ESCAPED_MAX = 2;

type Verdicts = readonly (readonly [Written, Verdict])[];

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
  return Buffer.byteLength(body) + (flow === undefined ? 0 : bytesOfTexts(flow));
}

/** In order of id, like every lock of several jobs: no two batches deadlock. */
async function send(to: Transactions, packet: readonly Written[]): Promise<Verdicts> {
  const appends = [...packet].sort((a, b) => (a.append.job < b.append.job ? -1 : 1));
  const compare = appends.some(({ append }) => append.repeated);
  try {
    return await commit(to, appends, compare);
  } catch (error) {
    if (compare || !isDuplicate(error)) throw error;
    return commit(to, appends, true); // To tell the one from its neighbours.
  }
}

async function commit(
  to: Transactions,
  appends: readonly Written[],
  compare: boolean,
): Promise<Verdicts> {
  const { answers, repeated } = await to.run(
    (again) => toStatements(appends, { now: to.now, compare: compare || again }),
    "checkpoint",
  );
  const jobs = new Map<unknown, Columns>();
  const entries = new Map<unknown, Columns>();
  for (const row of answers.flatMap(({ rows }) => rows)) {
    if ("entry_of" in row) entries.set(row["entry_of"], row);
    else jobs.set(row["id"], row); // A later look knows better.
  }
  return appends.map((one) => {
    const { job } = one.append;
    return [one, judge(one, { job: jobs.get(job), entry: entries.get(job), repeated })];
  });
}

function toStatements(appends: readonly Written[], options: ChangeOptions): readonly Sql[] {
  const ids = appends.map(({ append }) => append.job);
  const raises = appends.flatMap(({ append }): Raise[] => (append.raise ? [append.raise] : []));
  const raised = raises.map(({ job }) => job);
  const { before, after } = toChanges(appends, options);
  return [
    // Raises lock their own jobs, in order: then all of them must have been locked in order before.
    ...(raises.length === appends.length ? [] : [look(ids)]),
    ...(raises.length === 0 ? [] : [...raiseAll(raises, options.now), look(raised)]),
    ...(options.compare ? [lookForEntries(appends)] : []),
    ...before,
    insert(appends, options),
    ...after,
  ];
}

/** `ids` in order. */
function look(ids: readonly string[]): Sql {
  return sql`SELECT id, token, owner, state, request FROM jobs FORCE INDEX (PRIMARY)
    WHERE id IN (${list(ids)}) ORDER BY id FOR UPDATE`;
}

/** An entry that is there is told by a digest: it may be large. */
function lookForEntries(appends: readonly Written[]): Sql {
  const { before, v } = through(appends.map(({ append: { job, seq } }) => ({ job, seq })));
  return sql`SELECT e.job AS entry_of, e.token, e.owner, SHA2(e.body, 256) AS digest
    FROM ${before} entries e WHERE e.job = ${v.job} AND e.seq = ${v.seq}`;
}

function insert(appends: readonly Written[], { now, compare }: ChangeOptions): Sql {
  const { before, v } = through(
    appends.map(({ append: { job, seq, token, owner }, body }) => ({
      ...{ job, seq, token, owner, body, bytes: Buffer.byteLength(body) },
    })),
  );
  return sql`INSERT INTO entries (job, seq, token, owner, at, body, bytes)
    SELECT ${v.job}, ${v.seq}, ${v.token}, ${v.owner}, ${now}, ${v.body}, ${v.bytes} FROM ${before} jobs j
    WHERE j.id = ${v.job} AND j.token = ${v.token} AND j.owner = ${v.owner}
      AND j.state IN (${STARTABLE})
    ${compare ? sql`ON DUPLICATE KEY UPDATE entries.seq = entries.seq` : sql``}`;
}

interface Seen {
  readonly job: Columns | undefined;
  /** The entry that was there before, if it was looked for. */
  readonly entry: Columns | undefined;
  /** An earlier try of ours got no answer. */
  readonly repeated: boolean;
}

/**
 * An entry that is there is a repeated one whose answer was lost (P-19). In a first try it would
 * mean that the journal went on behind the owner's back: the owner has to load again.
 */
function judge({ append, body }: Written, { job, entry, repeated }: Seen): Verdict {
  if (job === undefined) return REFUSED;
  if (integer(job, "token") !== append.token || job["owner"] !== append.owner) return REFUSED;
  const again = append.repeated || repeated;
  const accepted =
    entry === undefined ? isStartable(toState(job)) : again && isThere(append, body, entry);
  if (!accepted) return REFUSED;
  const request = toRequest(job);
  return request === undefined ? { accepted: true } : { accepted: true, request };
}

function isThere(append: Append, body: string, entry: Columns): boolean {
  if (entry["owner"] !== append.owner || integer(entry, "token") !== append.token) return false;
  return entry["digest"] === createHash("sha256").update(body).digest("hex");
}
