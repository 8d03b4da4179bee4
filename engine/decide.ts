import type { EndState } from "../common/job.js";
import type { AtomNode, Plan } from "./compile/node.js";
import type { AtomState } from "./journal.js";
import {
  type AtomRecord,
  mayExecute,
  mayRevert,
  queueIfReady,
  recordAt,
  recordOf,
  type State,
} from "./state.js";

/** A failure waits for the word of a retry. */
export interface Question {
  readonly retry: AtomNode;
  /** The atom that failed, or the retry that gave up on it. */
  readonly about: AtomNode;
  /** The atom whose failure it is. */
  readonly root: AtomNode;
}

/** Something to start. */
export type Step =
  /** Deciders stand before the atom. */
  | { readonly step: "vote"; readonly atom: AtomNode }
  | { readonly step: "execute"; readonly atom: AtomNode; readonly again: boolean }
  | { readonly step: "revert"; readonly atom: AtomNode; readonly again: boolean }
  /** A retry's content is reverted: its next attempt, after its back-off. */
  | { readonly step: "attempt"; readonly atom: AtomNode };

/** The part of the present that no journal tells. */
export interface Present {
  /** Atoms found RUNNING or REVERTING in the journal and not yet started by this owner. */
  readonly orphans: Set<AtomNode>;
  /** Atoms whose deciders have said yes, and in which round they did. */
  readonly approved: Map<AtomNode, number>;
  /** Atoms whose deciders are being asked. */
  readonly voting: ReadonlySet<AtomNode>;
  /** What has begun ends, nothing new starts. */
  readonly halted: boolean;
}

/**
 * Whether an atom in that state halts the flow: its revert failed, or it failed in a flow of which
 * nothing is to be resolved. A person is needed then, who must find the rest as it was.
 */
export function halts({ spec }: Plan, state: AtomState): boolean {
  return state === "REVERT_FAILURE" || (state === "FAILURE" && spec.neverResolve === true);
}

/** Whether an owner that went away in that state left something behind. */
export function isBegun({ state }: AtomRecord): boolean {
  return state === "RUNNING" || state === "REVERTING" || state === "RETRYING";
}

/** The question that comes before everything else: its answer may concern whatever could start. */
export function nextQuestion(state: State): Question | undefined {
  if (state.chain !== undefined) {
    const { next, about, root } = state.chain;
    return { retry: next, about, root };
  }
  const [failed] = state.undecided;
  if (failed?.retry === undefined) return undefined;
  return { retry: failed.retry, about: failed, root: failed };
}

/**
 * The next step of the wave that may start now, undefined when there is none. It is taken off the
 * queues: the caller starts it, or it is lost. Cost: proportional to what changed since.
 */
export function nextStep(state: State, present: Present): Step | undefined {
  const [orphan] = present.orphans;
  if (orphan !== undefined) {
    present.orphans.delete(orphan);
    return resume(state, orphan);
  }
  if (present.halted) return undefined;
  const revert = state.toRevert.take((index) => mayRevert(state, index));
  if (revert !== undefined) return backwards(state, revert);
  for (const [atom, round] of present.approved) {
    present.approved.delete(atom);
    const valid = recordOf(state, atom).round === round && mayExecute(state, atom.index);
    if (valid) return { step: "execute", atom, again: false };
  }
  const execute = state.toExecute.take((index) => isFree(state, present, index));
  return execute === undefined ? undefined : forwards(state, execute);
}

/** Takes back a step that is not to start yet. */
export function putBack(state: State, present: Present, step: Step): void {
  const { atom } = step;
  const record = recordOf(state, atom);
  if (step.step === "execute" && !step.again && atom.deciders.length > 0) {
    present.approved.set(atom, record.round);
  } else if (isBegun(record)) present.orphans.add(atom);
  else queueIfReady(state, atom.index);
}

/** Whether anything is left that could start, now or later. */
export function hasWork(state: State, present: Present): boolean {
  if (present.halted) return present.orphans.size > 0;
  return (
    nextQuestion(state) !== undefined ||
    present.orphans.size + present.approved.size + present.voting.size > 0 ||
    state.toRevert.peek((index) => mayRevert(state, index)) !== undefined ||
    state.toExecute.peek((index) => mayExecute(state, index)) !== undefined
  );
}

function isFree(state: State, present: Present, index: number): boolean {
  return mayExecute(state, index) && !present.voting.has(atomAt(state, index));
}

function atomAt(state: State, index: number): AtomNode {
  return recordAt(state, index).atom;
}

/** An atom that an earlier owner left behind, in the light of what was decided since. */
function resume(state: State, atom: AtomNode): Step {
  const { state: now, intention } = recordOf(state, atom);
  if (now === "REVERTING") return { step: "revert", atom, again: true };
  // Interrupted and not wanted any more: reverted, though nobody knows how far it came.
  if (intention === "REVERT") return { step: "revert", atom, again: false };
  return now === "RETRYING" ? { step: "attempt", atom } : { step: "execute", atom, again: true };
}

function backwards(state: State, index: number): Step {
  const { atom, intention } = recordAt(state, index);
  if (intention === "RETRY") return { step: "attempt", atom };
  return { step: "revert", atom, again: false };
}

function forwards(state: State, index: number): Step {
  const atom = atomAt(state, index);
  return atom.deciders.length > 0
    ? { step: "vote", atom }
    : { step: "execute", atom, again: false };
}

/** How a flow ends when nothing is left that could start. */
export function endOf(state: State): EndState {
  const { counts, cancelled } = state;
  if (cancelled?.revert === false) return "CANCELLED";
  const undone = counts.SUCCESS + counts.RUNNING + counts.FAILURE;
  const broken = counts.REVERTING + counts.REVERT_FAILURE + counts.RETRYING;
  if (cancelled !== undefined && cancelled.failure === undefined) {
    return undone + broken === 0 ? "CANCELLED" : "FAILURE";
  }
  const missing = counts.PENDING + counts.REVERTED + counts.FAILURE + counts.RUNNING + broken;
  if (missing === 0) return "SUCCESS";
  // Only said when nothing that ran is left as it is.
  return undone + broken === 0 ? "REVERTED" : "FAILURE";
}
