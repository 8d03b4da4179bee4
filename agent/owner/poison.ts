import { ENDED } from "../../common/job.js";
import type { Entry, FlowState } from "../../engine/journal.js";
import type { Ownership, OwnershipEnd } from "../../persistence/persistence.js";

/** Owners that may die over the same atom before the job is parked. */
export const DEATHS_MAX = 3;
/** A death counts against what was begun at most this long before: an atom, or loading. In ms. */
const BLAME_MS = 60_000;

/** Ends that somebody noted and that may be the job's doing. */
const DEATHS: readonly OwnershipEnd[] = ["runner-died-alone", "failed"];

const LEFT: readonly FlowState[] = ["SUSPENDED", ...ENDED];

/** What the last owners died over; `deaths` in a row. */
export interface Poison {
  readonly subject: string;
  readonly deaths: number;
}

/**
 * P-25: folds journal and ownerships, counts nothing on the board. An ownership counts when its own
 * runner died, or when its owner was gone (or met what it did not expect) soon after starting the
 * atom: a laptop that sleeps three times during a week-long atom is no poison. One that wrote
 * nothing at all died while loading. An owner that lived to note that it lost the job or gave it
 * back did not die: a board that is away three times must not park every job.
 */
export function poisonOf(
  ownerships: readonly Ownership[],
  entries: readonly Entry[],
  { now, leaseMs }: { readonly now: number; readonly leaseMs: number },
): Poison | undefined {
  const resumedAfter = lastSuspended(entries);
  let suspects: ReadonlySet<string> | undefined;
  let deaths = 0;
  let endedBy = now;
  for (const ownership of [...ownerships].sort((a, b) => b.token - a.token)) {
    if (ownership.token <= resumedAfter) break;
    const noticedMs = ownership.endedAt === undefined ? leaseMs : 0;
    const blamed = blame(ownership, entries, (ownership.endedAt ?? endedBy) - noticedMs);
    endedBy = ownership.at;
    if (blamed.size === 0) break;
    const common: ReadonlySet<string> =
      suspects === undefined ? blamed : new Set([...suspects].filter((atom) => blamed.has(atom)));
    if (common.size === 0) break;
    suspects = common;
    deaths += 1;
  }
  const subject = [...(suspects ?? [])][0];
  return subject === undefined ? undefined : { subject, deaths };
}

function lastSuspended(entries: readonly Entry[]): number {
  const entry = entries.findLast((candidate) =>
    candidate.changes.some((change) => change.change === "flow" && change.to === "SUSPENDED"),
  );
  return entry?.token ?? 0;
}

/**
 * The atoms this ownership left running when it died; empty when it did not die of one. `endedAt`:
 * the earliest that it may have.
 */
function blame(
  ownership: Ownership,
  entries: readonly Entry[],
  endedAt: number,
): ReadonlySet<string> {
  const { ended } = ownership;
  // A runner shared with other jobs may have died of theirs: the next try is alone.
  if (ended !== undefined && !DEATHS.includes(ended)) return new Set();
  const alone = ended === "runner-died-alone";
  const written = entries.filter((entry) => entry.token === ownership.token);
  if (written.length === 0) {
    const counts = alone || endedAt - ownership.at <= BLAME_MS;
    return new Set(counts ? [`loading at entry ${ownership.firstSeq}`] : []);
  }
  const started = new Map<string, number>();
  for (const entry of written) {
    for (const change of entry.changes) {
      // It left well, whatever was noted: by an end, a hand-over, or because somebody asked.
      if (change.change === "handover" || (change.change === "flow" && isLeft(change.to))) {
        return new Set();
      }
      if (change.change === "again") for (const atom of change.atoms) started.set(atom, entry.at);
      if (change.change !== "atom") continue;
      if (change.to === "RUNNING" || change.to === "REVERTING") started.set(change.atom, entry.at);
      else started.delete(change.atom);
    }
  }
  const blamed = [...started].filter(([, at]) => alone || endedAt - at <= BLAME_MS);
  return new Set(blamed.map(([atom]) => atom));
}

function isLeft(state: FlowState): boolean {
  return LEFT.includes(state);
}
