import { at } from "../common/at.js";
import { atomOf } from "./compile/build.js";
import { type AtomNode, isAtom, type Plan } from "./compile/node.js";
import type { AtomState, Change, FlowState } from "./journal.js";
import {
  type AtomRecord,
  checkAtomMove,
  checkFlowMove,
  checkKept,
  copyOf,
  createState,
  type Intention,
  queueIfReady,
  recordAt,
  recordOf,
  type State,
} from "./state.js";

/**
 * Folds changes into a state, which it may change and which it returns. The only place where state
 * changes; the same for a journal that is read and for changes that are being written. Throws
 * BAD_RECORD for a transition that the tables do not have, or an atom the flow does not have.
 */
export function apply(plan: Plan, state: State, changes: Iterable<Change>): State {
  for (const change of changes) applyOne(plan, state, change);
  return state;
}

/** The state after a whole journal. */
export function fold(
  plan: Plan,
  journal: Iterable<{ readonly changes: readonly Change[] }>,
): State {
  const state = createState(plan);
  for (const entry of journal) apply(plan, state, entry.changes);
  return state;
}

function applyOne(plan: Plan, state: State, change: Change): void {
  switch (change.change) {
    case "atom":
      return move(plan, state, change);
    case "decision":
      return decided(plan, state, change);
    case "ignore":
      return ignore(plan, state, change.atoms);
    case "reset":
      return restart(plan, state, change);
    case "wait":
      recordOf(state, atomOf(plan, change.retry)).until = change.until;
      return;
    case "saved":
      recordOf(state, atomOf(plan, change.atom)).saved = change.value;
      return;
    case "again":
      for (const name of change.atoms) recordOf(state, atomOf(plan, name)).starts += 1;
      return;
    case "cancel":
      return cancel(state, change);
    case "kept":
      return keepResult(plan, state, change);
    case "flow":
      return moveFlow(state, change.to);
    case "handover":
    case "migrated":
      return;
  }
}

function moveFlow(state: State, to: FlowState): void {
  checkFlowMove(state.flow, to);
  state.flow = to;
  if (to === "PENDING") startOver(state);
}

function keepResult(plan: Plan, state: State, change: Extract<Change, { change: "kept" }>): void {
  const record = recordOf(state, atomOf(plan, change.atom));
  checkKept(state, record);
  setState(state, record, "SUCCESS");
  record.result = change.result;
  record.history = (change.attempts ?? []).map(copyOf);
  refresh(state, record);
}

type AtomChange = Extract<Change, { change: "atom" }>;

function move(plan: Plan, state: State, change: AtomChange): void {
  const record = recordOf(state, atomOf(plan, change.atom));
  checkAtomMove(record, change.to);
  setState(state, record, change.to);
  keep(record, change);
  const { name } = record.atom;
  if (change.to === "FAILURE" && record.failure !== undefined) {
    // One that was to be reverted anyway is no reason why others are.
    if (record.intention !== "REVERT") state.failures.set(name, record.failure);
    failed(plan, state, record);
  }
  if (change.to === "SUCCESS") state.failures.delete(name);
  refresh(state, record);
}

/** What each state stores; what it does not name stays, for people to look at. */
function keep(record: AtomRecord, { to, result = null, failure = UNKNOWN }: AtomChange): void {
  switch (to) {
    case "RUNNING":
      record.starts += 1;
      record.until = undefined;
      return;
    case "SUCCESS":
      record.result = result;
      record.failure = undefined;
      record.failed = false;
      if (record.atom.kind === "retry") record.history.push({ value: result, failures: {} });
      return;
    case "FAILURE":
      record.failure = failure;
      record.failed = true;
      record.resolved = false;
      record.result = undefined;
      return;
    case "REVERTED":
      record.revertResult = result;
      record.revertFailure = undefined;
      record.history = []; // Should the flow come here again, the retry counts from the start.
      return;
    case "REVERT_FAILURE":
      record.revertFailure = failure;
      return;
    case "REVERTING":
      record.starts = 1;
      return;
    case "RETRYING":
    case "PENDING":
    case "IGNORE":
      return;
  }
}

const UNKNOWN = { name: "Error", message: "the journal does not say why" };

/** Who decides about a failure: nobody needs to, or it joins the queue for the retries. */
function failed(plan: Plan, state: State, record: AtomRecord): void {
  if (plan.spec.neverResolve === true) return;
  if (state.cancelled !== undefined) record.resolved = true;
  else if (record.atom.retry !== undefined) state.undecided.add(record.atom);
  else {
    record.resolved = true;
    revertAll(state);
  }
}

type DecisionChange = Extract<Change, { change: "decision" }>;

/** One link of the chain; what it means for the flow follows once the chain has ended. */
function decided(plan: Plan, state: State, change: DecisionChange): void {
  const retry = atomOf(plan, change.retry);
  const about = atomOf(plan, change.atom);
  const chain =
    state.chain?.next === retry && state.chain.about === about ? state.chain : undefined;
  const root = chain?.root ?? about;
  remember(state, { retry, root, about });
  const outer = retry.retry;
  if (change.decision === "REVERT" && outer !== undefined) {
    const innermost = chain?.innermost ?? retry;
    state.chain = { root, innermost, next: outer, about: retry };
    return;
  }
  resolve(state, root);
  if (change.decision === "RETRY") return retryCone(plan, state, retry);
  if (change.decision === "REVERT_ALL" || plan.spec.deferReverts === true) return revertAll(state);
  revertCone(plan, state, chain?.innermost ?? retry);
}

/** The attempt's record of who failed under it: the first failure of each atom counts. */
function remember(
  state: State,
  { retry, root, about }: Record<"retry" | "root" | "about", AtomNode>,
): void {
  const attempt = recordOf(state, retry).history.at(-1);
  const { failure } = recordOf(state, root);
  if (attempt === undefined || failure === undefined) return;
  if (!Object.hasOwn(attempt.failures, about.name)) attempt.failures[about.name] = failure;
}

function resolve(state: State, root: AtomNode): void {
  state.chain = undefined;
  state.undecided.delete(root);
  const record = recordOf(state, root);
  record.resolved = true;
  refresh(state, record);
}

function retryCone(plan: Plan, state: State, retry: AtomNode): void {
  const record = recordOf(state, retry);
  // Its cone is marked already; a REVERT that came first, from another branch, is not taken back.
  if (record.intention === "RETRY" || record.intention === "REVERT") return;
  intend(state, record, "RETRY");
  for (const inside of cone(plan, state, retry)) intend(state, inside, "REVERT");
}

function revertCone(plan: Plan, state: State, retry: AtomNode): void {
  const record = recordOf(state, retry);
  if (record.intention === "REVERT") return; // So is its cone, which only a reset gives back.
  intend(state, record, "REVERT");
  for (const inside of cone(plan, state, retry)) intend(state, inside, "REVERT");
}

function revertAll(state: State): void {
  if (state.revertsAll) return;
  state.revertsAll = true;
  for (const record of state.records) {
    if (record !== undefined) intend(state, record, "REVERT");
  }
}

function cancel(state: State, { revert, failure }: Extract<Change, { change: "cancel" }>): void {
  state.cancelled = { revert, ...(failure !== undefined && { failure }) };
  for (const atom of state.undecided) resolve(state, atom);
  if (revert) revertAll(state);
}

function ignore(plan: Plan, state: State, names: readonly string[]): void {
  for (const name of names) {
    const record = recordOf(state, atomOf(plan, name));
    checkAtomMove(record, "IGNORE");
    setState(state, record, "IGNORE");
    intend(state, record, "IGNORE");
    refresh(state, record);
  }
}

type ResetChange = Extract<Change, { change: "reset" }>;

function restart(plan: Plan, state: State, change: ResetChange): void {
  const retry = atomOf(plan, change.retry);
  for (const name of change.atoms) {
    const record = recordOf(state, atomOf(plan, name));
    checkAtomMove(record, "PENDING");
    setState(state, record, "PENDING");
  }
  intend(state, recordOf(state, retry), "EXECUTE");
  for (const record of cone(plan, state, retry)) renew(state, record);
}

/** A flow that had been reverted is run once more. */
function startOver(state: State): void {
  state.revertsAll = false;
  state.cancelled = undefined;
  for (const record of state.records) {
    if (record === undefined) continue;
    setState(state, record, "PENDING");
    renew(state, record);
  }
}

/** A new round: what the last one left behind is none of its business. */
function renew(state: State, record: AtomRecord): void {
  record.intention = "EXECUTE";
  record.result = undefined;
  record.failed = false;
  record.resolved = false;
  record.starts = 0;
  record.round += 1;
  record.saved = undefined;
  record.until = undefined;
  state.failures.delete(record.atom.name);
  refresh(state, record);
}

/** All atoms after a retry: the rest of its flow and what follows it. */
export function* cone(plan: Plan, state: State, retry: AtomNode): Generator<AtomRecord, undefined> {
  const seen = new Set(at(plan.after, retry.index));
  for (const index of seen) {
    for (const next of at(plan.after, index)) seen.add(next);
    if (isAtom(at(plan.nodes, index))) yield recordAt(state, index);
  }
}

function intend(state: State, record: AtomRecord, intention: Intention): void {
  if (record.intention === intention) return;
  record.intention = intention;
  refresh(state, record);
}

function setState(state: State, record: AtomRecord, to: AtomState): void {
  state.counts[record.state] -= 1;
  state.counts[to] += 1;
  record.state = to;
}

/** Carries a changed record into the front and the queues. */
function refresh(state: State, record: AtomRecord): void {
  const { atom, state: now, intention } = record;
  const done = now === "SUCCESS" || now === "IGNORE";
  const onward = intention === "EXECUTE" || intention === "IGNORE";
  const clear = now === "PENDING" || now === "REVERTED" || now === "IGNORE";
  const update = { done: done && onward, clear };
  state.front.update(atom.index, update, (freed) => queueIfReady(state, freed));
  queueIfReady(state, atom.index);
}
