import type { Json, Store } from "../common/json.js";
import type { Failure } from "../common/failure.js";
import type { Outcome } from "./bodies.js";
import type { Argument, AtomNode, Part, Plan } from "./compile/node.js";
import { visibleProviders } from "./compile/scopes.js";
import { type AtomRecord, recordOf, type State } from "./state.js";

/** Where values come from. */
export interface Sources {
  readonly plan: Plan;
  readonly state: State;
  /** What the job was posted with. */
  readonly store: Store;
}

export type Lookup =
  | { readonly found: true; readonly args: Store }
  | { readonly found: false; readonly failure: Failure };

/** Marks an atom whose body never began: there is nothing to revert. */
export const NOT_STARTED = "JOBRUNNER_NOT_STARTED";

/**
 * The arguments an atom's body gets now (execute's, unless said otherwise): its own `inject` first,
 * then the store, then the nearest flow that has a provider before it. An optional argument that
 * nobody can give is left out.
 */
export function lookUp(
  sources: Sources,
  atom: AtomNode,
  wanted: readonly Argument[] = atom.args,
): Lookup {
  const args: Record<string, Json> = {};
  for (const argument of wanted) {
    const value = valueOf(sources, atom, argument);
    if (value !== undefined) args[argument.name] = value;
    else if (!argument.optional) return { found: false, failure: notFound(atom, argument) };
  }
  return { found: true, args };
}

function notFound(atom: AtomNode, { name, symbol }: Argument): Failure {
  const message = `"${atom.name}" requires "${name}", but nobody has a value for "${symbol}"`;
  return { name: "NotFound", message, code: NOT_STARTED };
}

function valueOf(
  { plan, state, store }: Sources,
  atom: AtomNode,
  { symbol }: Argument,
): Json | undefined {
  const { inject } = atom.spec;
  if (inject !== undefined && Object.hasOwn(inject, symbol)) return inject[symbol];
  if (Object.hasOwn(store, symbol)) return store[symbol];
  let level: number | undefined;
  for (const { provider, level: its } of visibleProviders(plan, atom, symbol)) {
    // The nearest flow that has a provider decides; an ignored one does not count.
    if (level !== undefined && its !== level) return undefined;
    const record = recordOf(state, provider.atom);
    if (record.state === "IGNORE") continue;
    level = its;
    const whole = resultNow(record);
    const value = whole === undefined ? undefined : pick(whole, provider.part);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The result of execute, as long as it holds; a retry's is the value of its last attempt. */
function resultNow(record: AtomRecord): Json | undefined {
  return record.state === "SUCCESS" || record.state === "REVERTING" ? record.result : undefined;
}

/** A position of a list (or text), a key of an object, or the whole; undefined when it has none. */
function pick(value: Json, part: Part): Json | undefined {
  if (part === undefined) return value;
  if ("key" in part) return memberOf(value, part.key);
  if (typeof value === "string") return [...value][part.position];
  return isList(value) ? value[part.position] : undefined;
}

function memberOf(value: Json, key: string): Json | undefined {
  if (typeof value !== "object" || value === null || isList(value)) return undefined;
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

/**
 * Everything that has a name, after a run: the store's values, and what the providers of each
 * symbol hold (a failure, when that is what became of them). A symbol is left out when one of its
 * providers has nothing; ignored providers do not count.
 */
export function fetchAll(sources: Sources): ReadonlyMap<string, readonly Outcome[]> {
  const { plan, state, store } = sources;
  const all = new Map<string, readonly Outcome[]>();
  for (const [symbol, value] of Object.entries(store)) all.set(symbol, [{ ok: true, value }]);
  for (const [symbol, providers] of plan.providers) {
    const outcomes: Outcome[] = [...(all.get(symbol) ?? [])];
    let complete = true;
    for (const { atom, part } of providers) {
      const record = recordOf(state, atom);
      if (record.state === "IGNORE") continue;
      const outcome = outcomeOf(record, part);
      if (outcome === undefined) complete = false;
      else outcomes.push(outcome);
    }
    if (complete && outcomes.length > 0) all.set(symbol, outcomes);
    else all.delete(symbol);
  }
  return all;
}

function outcomeOf(record: AtomRecord, part: Part): Outcome | undefined {
  if (record.failure !== undefined) {
    return part === undefined ? { ok: false, failure: record.failure } : undefined;
  }
  const whole = resultNow(record);
  const value = whole === undefined ? undefined : pick(whole, part);
  return value === undefined ? undefined : { ok: true, value };
}

/** Values by symbol, as a finished flow hands them out; of several providers the first counts. */
export function outputsOf(sources: Sources): Store {
  const outputs: Record<string, Json> = {};
  for (const [symbol, [first]] of fetchAll(sources)) {
    if (first?.ok === true) outputs[symbol] = first.value;
  }
  return outputs;
}
