import { at } from "../../common/at.js";
import { fold } from "../apply.js";
import type { Change, Entry, KeptAttempt } from "../journal.js";
import { atomOf } from "../compile/build.js";
import { type AtomNode, isAtom, type Plan } from "../plan.js";
import { type AtomRecord, recordOf, type State } from "../state.js";

/** A job that is over, and the atom from which another one is to go on. */
export interface Past {
  readonly plan: Plan;
  readonly entries: readonly Entry[];
  readonly from: AtomNode;
  /** Symbols that have another value in the next job. */
  readonly changed: ReadonlySet<string>;
}

/**
 * `missing`: `from` needs this atom, which is not as its execute left it; the job can go on there.
 * `stale`: this atom would be kept, and ran with another value of `symbol`. `skipped`: a decider
 * had said no to `from`, and would have to be asked again.
 */
export type Keeping =
  | { readonly keeps: true; readonly changes: readonly Change[] }
  | { readonly keeps: false; readonly why: "missing"; readonly atom: string; readonly is: string }
  | { readonly keeps: false; readonly why: "stale"; readonly atom: string; readonly symbol: string }
  | { readonly keeps: false; readonly why: "skipped"; readonly atom: string };

/**
 * What a job that goes on at `from` keeps of an earlier one: each atom that is SUCCESS, is neither
 * `from` nor after it, and before which everything is kept. So no kept atom stands behind one that
 * runs, and the journal is one that the same flow could have written. A retry is kept with its
 * attempts: the last one goes on, and what is left of the others counts. A decider's no is kept for
 * all that it reached, wherever that is, or for nothing.
 */
export function keep({ plan, entries, from, changed }: Past): Keeping {
  const state = fold(plan, entries);
  if (recordOf(state, from).state === "IGNORE") {
    return { keeps: false, why: "skipped", atom: from.name };
  }
  const kept = keptOf({ plan, state, from, heads: headsOf(entries) });
  // In the order of the plan: all that comes before the first of them is kept.
  const missing = before(plan, from).find(({ index }) => !kept.has(index));
  if (missing !== undefined) {
    const { state: is } = recordOf(state, missing);
    return { keeps: false, why: "missing", atom: missing.name, is };
  }
  const records = [...kept].map((index) => state.records[index]).filter(isRecord);
  for (const { atom, state: is } of records) {
    const symbol = is === "IGNORE" ? undefined : used(atom, changed);
    if (symbol !== undefined) return { keeps: false, why: "stale", atom: atom.name, symbol };
  }
  return { keeps: true, changes: toChanges(records) };
}

interface Folded {
  readonly plan: Plan;
  readonly state: State;
  readonly from: AtomNode;
  /** Of what was ignored: the first atom of all that the same no reached. */
  readonly heads: ReadonlyMap<string, string>;
}

/** Indices, in order. */
function keptOf({ plan, state, from, heads }: Folded): ReadonlySet<number> {
  const after = reach([from.index], plan.after);
  const kept = new Set<number>();
  for (const node of plan.nodes) {
    const is = isAtom(node) ? recordOf(state, node).state : "SUCCESS";
    const head = is === "IGNORE" ? heads.get(node.name) : undefined;
    const open = !after.has(node.index) && at(plan.before, node.index).every((i) => kept.has(i));
    const done =
      head === undefined || head === node.name
        ? open && (is === "SUCCESS" || is === "IGNORE")
        : kept.has(atomOf(plan, head).index);
    if (done) kept.add(node.index);
  }
  return kept;
}

function headsOf(entries: readonly Entry[]): ReadonlyMap<string, string> {
  const ignored = entries.flatMap(({ changes }) =>
    changes.flatMap((change) => (change.change === "ignore" ? [change.atoms] : [])),
  );
  return new Map(ignored.flatMap((atoms) => atoms.map((name) => [name, at(atoms, 0)] as const)));
}

function before(plan: Plan, from: AtomNode): readonly AtomNode[] {
  const indices = reach(at(plan.before, from.index), plan.before);
  return plan.nodes.filter(isAtom).filter(({ index }) => indices.has(index));
}

/** All that can be reached along the edges, the start included. */
function reach(start: readonly number[], edges: Plan["after"]): ReadonlySet<number> {
  const seen = new Set(start);
  for (const index of seen) for (const next of at(edges, index)) seen.add(next);
  return seen;
}

/** The first symbol among `changed` whose value the atom's bodies get from the parameters. */
function used(
  { args, revertArgs, spec }: AtomNode,
  changed: ReadonlySet<string>,
): string | undefined {
  const symbols = [...args, ...revertArgs].map(({ symbol }) => symbol);
  return symbols.find((symbol) => changed.has(symbol) && !Object.hasOwn(spec.inject ?? {}, symbol));
}

function isRecord(record: AtomRecord | undefined): record is AtomRecord {
  return record !== undefined;
}

function toChanges(records: readonly AtomRecord[]): readonly Change[] {
  const ignored = records.filter(({ state }) => state === "IGNORE");
  const done = records.filter(({ state }) => state === "SUCCESS");
  const ignore = { change: "ignore", atoms: ignored.map(({ atom }) => atom.name) } as const;
  return [...done.map(toKept), ...(ignored.length === 0 ? [] : [ignore])];
}

function toKept({ atom, result = null, history }: AtomRecord): Change {
  const kept = { change: "kept", atom: atom.name, result } as const;
  return atom.kind === "retry" ? { ...kept, attempts: toAttempts(history) } : kept;
}

/** The last attempt goes on: what failed under it runs anew. */
function toAttempts(history: AtomRecord["history"]): readonly KeptAttempt[] {
  return history.map((attempt, n) => {
    return n === history.length - 1 ? { ...attempt, failures: {} } : attempt;
  });
}
