import type { Failure } from "../common/failure.js";
import type { Json, Store } from "../common/json.js";
import { fold } from "./apply.js";
import { outputsOf } from "./args.js";
import type { FlowSpec } from "./flow.js";
import type { AtomState, Change, Entry } from "./journal.js";
import { compile } from "./plan.js";

/** One start of an atom's body and what became of it, its revert included. */
export interface AttemptRecord {
  /** The ownership under which it was started. */
  readonly token: number;
  /** `LOST`: its owner went away before it could say how it ended. */
  state: AtomState | "LOST";
  /** Database time, ms since 1970. */
  readonly startedAt: number;
  endedAt?: number;
  /** Of the body; of the revert (with the body's as its cause) in REVERT_FAILURE. */
  failure?: Failure;
}

export interface AtomHistory {
  state: AtomState;
  readonly attempts: AttemptRecord[];
  /** Of the last attempt, as long as it counts. */
  result?: Json;
  /** An earlier job, of which this one is the retry, had done it. */
  kept?: true;
}

/** Reads a journal for people: what each atom went through, under which ownership and when. */
export function historiesOf(entries: readonly Entry[]): ReadonlyMap<string, AtomHistory> {
  const histories = new Map<string, AtomHistory>();
  for (const entry of entries) {
    for (const change of entry.changes) note(histories, entry, change);
  }
  return histories;
}

/** Values by symbol that a flow which ended in SUCCESS hands out, besides what it was given. */
export function resultsOf(spec: FlowSpec, store: Store, entries: readonly Entry[]): Store {
  const plan = compile(spec);
  const outputs = outputsOf({ plan, state: fold(plan, entries), store });
  return Object.fromEntries(
    Object.entries(outputs).filter(([name]) => !Object.hasOwn(store, name)),
  );
}

function note(histories: Map<string, AtomHistory>, entry: Entry, change: Change): void {
  switch (change.change) {
    case "atom":
      return move(historyOf(histories, change.atom), entry, change);
    case "again":
      for (const atom of change.atoms) startAgain(historyOf(histories, atom), entry);
      return;
    case "ignore":
      for (const atom of change.atoms) historyOf(histories, atom).state = "IGNORE";
      return;
    case "reset":
      for (const atom of change.atoms) restart(historyOf(histories, atom));
      return;
    case "kept": {
      const { atom, result } = change;
      histories.set(atom, { state: "SUCCESS", attempts: [], result, kept: true });
      return;
    }
    case "decision":
    case "wait":
    case "saved":
    case "cancel":
    case "flow":
    case "handover":
    case "migrated":
      return;
  }
}

function historyOf(histories: Map<string, AtomHistory>, atom: string): AtomHistory {
  const known = histories.get(atom);
  if (known !== undefined) return known;
  const history: AtomHistory = { state: "PENDING", attempts: [] };
  histories.set(atom, history);
  return history;
}

function move(
  history: AtomHistory,
  { at, token }: Entry,
  change: Extract<Change, { change: "atom" }>,
): void {
  history.state = change.to;
  if (change.to === "RUNNING") {
    delete history.kept;
    history.attempts.push({ token, state: "RUNNING", startedAt: at });
    return;
  }
  if (history.attempts.length === 0 && change.to === "REVERTING") {
    history.attempts.push({ token, state: "REVERTING", startedAt: at }); // It ran in another job.
  }
  const last = history.attempts.at(-1);
  if (change.to === "SUCCESS") history.result = change.result ?? null;
  else delete history.result;
  if (last === undefined) return;
  last.state = change.to;
  if (change.to !== "REVERTING") last.endedAt = at;
  if (change.failure !== undefined) last.failure = withCause(change.failure, last.failure);
}

/** The failure that made the flow revert must not be lost behind that of the revert. */
function withCause(failure: Failure, before: Failure | undefined): Failure {
  if (before === undefined || failure.cause !== undefined) return failure;
  return { ...failure, cause: before };
}

/** A new owner found it begun: what the old one made of it, and until when, nobody can say. */
function startAgain(history: AtomHistory, { at, token }: Entry): void {
  const last = history.attempts.at(-1);
  if (last !== undefined) {
    last.state = "LOST";
    last.endedAt = at;
  }
  const { state } = history;
  history.attempts.push({ token, state, startedAt: at });
}

function restart(history: AtomHistory): void {
  history.state = "PENDING";
  delete history.result;
}
