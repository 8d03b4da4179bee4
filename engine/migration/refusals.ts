import { at } from "../../common/at.js";
import { fold } from "../apply.js";
import { atomOf } from "../compile/build.js";
import { provided } from "../compile/symbols.js";
import type { FlowSpec } from "../flow.js";
import type { AtomState, Entry } from "../journal.js";
import { type AtomNode, compile, isAtom, type Plan } from "../plan.js";
import { type AtomRecord, recordOf, type State } from "../state.js";
import { atomsIn, lookUp, renameAll, type Renaming } from "./renaming.js";

/** A journal of one flow that is to go on in another. */
export interface Move {
  readonly before: FlowSpec;
  readonly after: FlowSpec;
  /** In the names of `before`. */
  readonly entries: readonly Entry[];
  readonly renamed: Renaming;
}

/**
 * Why a journal must not go on in another flow; empty when it may.
 *
 *   names    each recorded atom is there, once, and of the same kind and shape
 *   running  a body that may have begun is the same body with the same idempotency key
 *   fold     the new flow makes the same of the journal: each recorded atom is where it was
 *   order    what has begun would have been allowed to: all before it is done
 *
 * Throws BAD_FLOW when one of the flows cannot run at all.
 */
export function refusals(move: Move): readonly string[] {
  const [before, after] = [compile(move.before), compile(move.after)];
  const recorded = new Set(move.entries.flatMap(({ changes }) => changes.flatMap(atomsIn)));
  const problems = [
    ...badNames(before, after, move.renamed),
    ...[...recorded].flatMap((name) => badAtom({ name, before, after }, move.renamed)),
  ];
  if (problems.length > 0) return problems;
  const was = fold(before, move.entries);
  // Legal steps follow from names and kinds alone, which fit: what one flow can fold, both can.
  const is = fold(after, renameAll(move.entries, move.renamed));
  return [
    ...otherEnds(was, is),
    ...[...recorded].flatMap((name) => {
      const [old, now] = [
        recordOf(was, atomOf(before, name)),
        recordOf(is, atomOf(after, lookUp(move.renamed, name))),
      ];
      return [...badRunning(old, now), ...otherRecord(old, now)];
    }),
    ...badOrder(is, after),
  ];
}

function badNames(before: Plan, after: Plan, renamed: Renaming): readonly string[] {
  const names = Object.entries(renamed).flatMap(([from, to]) => [
    ...(before.atoms.has(from) ? [] : [`the older version has no "${from}" to rename`]),
    ...(after.atoms.has(to) ? [] : [`"${from}" is renamed to "${to}", which is not there`]),
  ]);
  const seen = new Map<string, string>();
  const twice = [...before.atoms.keys()].flatMap((name) => {
    const to = lookUp(renamed, name);
    const other = seen.get(to);
    seen.set(to, name);
    return other === undefined ? [] : [`"${other}" and "${name}" would both be "${to}"`];
  });
  return [...names, ...twice];
}

interface Named {
  readonly name: string;
  readonly before: Plan;
  readonly after: Plan;
}

/** An atom that the journal knows must be there, with results that mean the same. */
function badAtom({ name, before, after }: Named, renamed: Renaming): readonly string[] {
  const [old, now] = [before.atoms.get(name), after.atoms.get(lookUp(renamed, name))];
  if (old === undefined) return [`the journal knows "${name}", the older version does not`];
  if (now === undefined) return [`"${name}" has been begun or decided upon, and is gone`];
  if (old.kind !== now.kind) return [`"${name}" was a ${old.kind}, "${now.name}" is a ${now.kind}`];
  const [parts, partsNow] = [shapeOf(old), shapeOf(now)];
  return parts === partsNow ? [] : [`"${name}" gives ${parts}, "${now.name}" gives ${partsNow}`];
}

/** What of a result others can refer to, whatever it is called; and how a retry decides. */
function shapeOf({ spec }: AtomNode): string {
  const parts = provided(spec.provides).map(({ part }) => part ?? "all");
  if (spec.kind === "task") return JSON.stringify(parts);
  const { type } = spec.controller;
  // More attempts, or fewer, are a matter of taste; other values would be other work.
  return JSON.stringify([parts, type === "times" ? type : spec.controller]);
}

function otherEnds(was: State, is: State): readonly string[] {
  const same =
    was.flow === is.flow &&
    was.revertsAll === is.revertsAll &&
    was.chain?.next.name === is.chain?.next.name &&
    was.undecided.size === is.undecided.size;
  return same ? [] : ["another retry would have been asked about what failed"];
}

function badRunning(old: AtomRecord, now: AtomRecord): readonly string[] {
  const begun = old.state === "RUNNING" || old.state === "REVERTING";
  if (!begun || old.atom.name === now.atom.name) return [];
  return [`"${old.atom.name}" may be running: renamed it would get another idempotency key`];
}

function otherRecord(old: AtomRecord, now: AtomRecord): readonly string[] {
  const [before, after] = [memoryOf(old), memoryOf(now)];
  return before === after ? [] : [`"${now.atom.name}" would be ${after}, and was ${before}`];
}

function memoryOf({ state, intention, round, starts, failed }: AtomRecord): string {
  const doing = intention === "EXECUTE" ? "" : `, to ${intention}`;
  return `${state}${doing} in round ${round} after ${starts} starts${failed ? ", failed" : ""}`;
}

const BEGUN: readonly AtomState[] = ["RUNNING", "SUCCESS", "FAILURE", "RETRYING"];
const DONE: readonly AtomState[] = ["SUCCESS", "IGNORE"];

/** What has begun although something before it has not been done. */
function badOrder(state: State, plan: Plan): readonly string[] {
  return [...plan.atoms.values()].flatMap((atom) => {
    const now = recordOf(state, atom).state;
    if (now === "PENDING" || now === "IGNORE") return [];
    const missing = before(plan, atom).filter((other) => {
      const its = recordOf(state, other).state;
      return BEGUN.includes(now) ? !DONE.includes(its) : its === "PENDING";
    });
    return missing.map(
      ({ name }) => `"${name}" comes before "${atom.name}", which has begun, and is not done`,
    );
  });
}

/** The nearest atoms before one, through the beginnings and ends of flows. */
function before(plan: Plan, atom: AtomNode): readonly AtomNode[] {
  const seen = new Set(at(plan.before, atom.index));
  const atoms: AtomNode[] = [];
  for (const index of seen) {
    const node = at(plan.nodes, index);
    if (isAtom(node)) atoms.push(node);
    else for (const further of at(plan.before, index)) seen.add(further);
  }
  return atoms;
}
