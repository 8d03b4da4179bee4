import { at } from "../common/at.js";
import { JobrunnerError } from "../common/error.js";
import type { Failure } from "../common/failure.js";
import type { Json } from "../common/json.js";
import { type AtomNode, isAtom, type Plan } from "./compile/node.js";
import { Failures } from "./failures.js";
import { Front } from "./front/front.js";
import { ReadyQueue } from "./front/ready-queue.js";
import type { AtomState, FlowState, KeptAttempt } from "./journal.js";

/** What is meant to happen with an atom next; never stored, it follows from the journal. */
export type Intention = "EXECUTE" | "REVERT" | "RETRY" | "IGNORE";

/*
 * Legal transitions: the only authority, looked at for every change that is written or read.
 *
 *   PENDING -> RUNNING -> SUCCESS | FAILURE -> REVERTING -> REVERTED | REVERT_FAILURE
 *   PENDING -> IGNORE, and back to PENDING from REVERTED and IGNORE when a retry starts anew
 *   RUNNING -> REVERTING: its owner died in the middle, and the flow reverts since
 *   SUCCESS -> RETRYING -> RUNNING: a retry's next attempt; REVERTING, when its owner died there
 *   PENDING -> SUCCESS by `kept` alone, and only before the flow begins
 */
const ATOM_MOVES: Readonly<Record<AtomState, readonly AtomState[]>> = {
  PENDING: ["RUNNING", "IGNORE"],
  RUNNING: ["SUCCESS", "FAILURE", "REVERTING"],
  SUCCESS: ["REVERTING", "RETRYING"],
  FAILURE: ["REVERTING"],
  REVERTING: ["REVERTED", "REVERT_FAILURE"],
  REVERTED: ["PENDING"],
  REVERT_FAILURE: [],
  RETRYING: ["RUNNING", "REVERTING"],
  IGNORE: ["PENDING"],
};

/*
 * REVERTING is final in its direction: nothing is executed any more. Ends are left only by running
 * a flow again, which agents never do. A job may be parked or cancelled before it began.
 */
const FLOW_MOVES: Readonly<Record<FlowState, readonly FlowState[]>> = {
  PENDING: ["RUNNING", "SUSPENDED", "CANCELLED"],
  RUNNING: ["REVERTING", "SUSPENDED", "SUCCESS", "REVERTED", "FAILURE", "CANCELLED"],
  REVERTING: ["SUSPENDED", "REVERTED", "FAILURE", "CANCELLED"],
  SUSPENDED: ["RUNNING", "REVERTING", "SUSPENDED", "CANCELLED"],
  SUCCESS: ["RUNNING"],
  REVERTED: ["PENDING"],
  FAILURE: ["RUNNING", "REVERTING"],
  CANCELLED: [],
};

/** One attempt of a retry, while it is written to. */
export interface OpenAttempt {
  readonly value: Json;
  readonly failures: Record<string, Failure>;
}

export interface AtomRecord {
  readonly atom: AtomNode;
  state: AtomState;
  intention: Intention;
  /** Of execute; meaningful in SUCCESS and REVERTING. */
  result: Json | undefined;
  /** The last failure of execute; `failed` tells whether it belongs to the present attempt. */
  failure: Failure | undefined;
  failed: boolean;
  /** FAILURE: what follows from it has been decided. */
  resolved: boolean;
  revertResult: Json | undefined;
  revertFailure: Failure | undefined;
  /** Retries: their attempts. */
  history: OpenAttempt[];
  /** Starts of the body that runs, or ran last, in this round. */
  starts: number;
  /** Rounds: how often a retry started this atom anew, from 1. */
  round: number;
  saved: Json | undefined;
  /** Retries: the next attempt starts then, ms since 1970. */
  until: number | undefined;
}

/** A failure on its way outwards: each retry that gives up hands it to the one around it. */
export interface Chain {
  readonly root: AtomNode;
  readonly innermost: AtomNode;
  readonly next: AtomNode;
  /** The retry that gave up: the name under which `next` sees the failure. */
  readonly about: AtomNode;
}

/** A journal, folded. `apply` alone writes to it. */
export interface State {
  flow: FlowState;
  readonly records: readonly (AtomRecord | undefined)[];
  readonly counts: Record<AtomState, number>;
  /** Failures of the present attempts, by atom. */
  readonly failures: Failures;
  /** Failed atoms for which nobody has decided yet, in order. */
  readonly undecided: Set<AtomNode>;
  chain: Chain | undefined;
  /** Everything is to be reverted; never taken back. */
  revertsAll: boolean;
  /** No retry is asked any more; with a failure of the flow itself it is no cancel of a person's. */
  cancelled: { readonly revert: boolean; readonly failure?: Failure } | undefined;
  readonly front: Front;
  readonly toExecute: ReadyQueue;
  readonly toRevert: ReadyQueue;
}

/** The state of an empty journal. */
export function createState(plan: Plan): State {
  const priority = (index: number): number => recordAt(state, index).atom.priority;
  const state: State = {
    flow: "PENDING",
    records: plan.nodes.map((node) => (isAtom(node) ? createRecord(node) : undefined)),
    counts: { ...NO_ATOMS, PENDING: plan.atoms.size },
    failures: new Failures(),
    undecided: new Set(),
    chain: undefined,
    revertsAll: false,
    cancelled: undefined,
    front: new Front(plan),
    toExecute: new ReadyQueue((a, b) => (priority(a) - priority(b) || b - a) > 0),
    toRevert: new ReadyQueue((a, b) => (priority(a) - priority(b) || a - b) > 0),
  };
  for (const atom of plan.atoms.values()) queueIfReady(state, atom.index);
  return state;
}

const NO_ATOMS: Readonly<Record<AtomState, number>> = {
  PENDING: 0,
  RUNNING: 0,
  SUCCESS: 0,
  FAILURE: 0,
  REVERTING: 0,
  REVERTED: 0,
  REVERT_FAILURE: 0,
  RETRYING: 0,
  IGNORE: 0,
};

function createRecord(atom: AtomNode): AtomRecord {
  return {
    atom,
    state: "PENDING",
    intention: "EXECUTE",
    result: undefined,
    failure: undefined,
    failed: false,
    resolved: false,
    revertResult: undefined,
    revertFailure: undefined,
    history: [],
    starts: 0,
    round: 1,
    saved: undefined,
    until: undefined,
  };
}

export function recordOf(state: State, atom: AtomNode): AtomRecord {
  return recordAt(state, atom.index);
}

export function recordAt(state: State, index: number): AtomRecord {
  return at(state.records as readonly AtomRecord[], index);
}

/** Throws BAD_RECORD when the table has no such move. */
export function checkAtomMove(record: AtomRecord, to: AtomState): void {
  const { atom, state } = record;
  const retryOnly = to === "RETRYING" && atom.kind !== "retry";
  if (ATOM_MOVES[state].includes(to) && !retryOnly) return;
  throw illegal(`${atom.kind} "${atom.name}"`, state, to);
}

/** Throws BAD_RECORD when the table has no such move. */
export function checkFlowMove(from: FlowState, to: FlowState): void {
  if (!FLOW_MOVES[from].includes(to)) throw illegal("the flow", from, to);
}

/** Throws BAD_RECORD when a result can no longer be taken over from an earlier job. */
export function checkKept({ flow }: State, { atom, state }: AtomRecord): void {
  if (flow === "PENDING" && state === "PENDING") return;
  throw illegal(`${atom.kind} "${atom.name}", to be kept,`, state, "SUCCESS");
}

/** A history is written to, and a journal never is. */
export function copyOf({ value, failures }: KeptAttempt): OpenAttempt {
  return { value, failures: { ...failures } };
}

function illegal(what: string, from: string, to: string): JobrunnerError {
  return new JobrunnerError("BAD_RECORD", `Illegal step: ${what} cannot go from ${from} to ${to}`);
}

export function mayExecute(state: State, index: number): boolean {
  const { state: now, intention } = recordAt(state, index);
  return now === "PENDING" && intention === "EXECUTE" && state.front.mayExecute(index);
}

/** A failed atom is reverted once somebody has decided, never before. */
export function mayRevert(state: State, index: number): boolean {
  const { state: now, intention, resolved } = recordAt(state, index);
  if (intention !== "REVERT" && intention !== "RETRY") return false;
  return (now === "SUCCESS" || (now === "FAILURE" && resolved)) && state.front.mayRevert(index);
}

/** To be called after every write to a record. */
export function queueIfReady(state: State, index: number): void {
  if (state.records[index] === undefined) return; // Boundaries have nothing to start.
  if (mayExecute(state, index)) state.toExecute.push(index);
  else if (mayRevert(state, index)) state.toRevert.push(index);
}
