import type { Json } from "../../common/json.js";
import { fetchAll } from "../../engine/args.js";
import { isAtom, type Plan } from "../../engine/plan.js";
import { type AtomRecord, recordOf, type State } from "../../engine/state.js";
import type { Vector } from "./vector.js";
import { toPlain, toPlainFailure, toValue } from "./world.js";

/* What a phase left behind, in the vectors' words; read back from the journal. */

export function raisedBy(state: State, revertFailed: boolean): readonly Json[] {
  const records = recordsOf(state);
  if (revertFailed) {
    return records.flatMap(({ revertFailure: it }) =>
      it === undefined ? [] : [toPlainFailure(it)],
    );
  }
  return records.flatMap(({ failed, failure, revertFailure, state: now }) => [
    ...(failed && failure !== undefined ? [toPlainFailure(failure)] : []),
    ...(now === "REVERT_FAILURE" && revertFailure !== undefined
      ? [toPlainFailure(revertFailure)]
      : []),
  ]);
}

export function recordsOf(state: State): readonly AtomRecord[] {
  return state.records.filter((record) => record !== undefined);
}

export function atomsOf(plan: Plan, state: State): Readonly<Record<string, unknown>> {
  const atoms: Record<string, unknown> = {};
  for (const node of plan.nodes) {
    if (!isAtom(node)) continue;
    const record = recordOf(state, node);
    const task = node.kind === "task";
    const { state: now, failure, revertFailure } = record;
    const reverted = task && now === "REVERTED";
    atoms[node.name] = {
      state: now,
      ...(task && now === "SUCCESS" && { result: record.result ?? null }),
      ...(failure !== undefined && { failure: toPlainFailure(failure) }),
      ...(reverted && { revertResult: record.revertResult ?? null }),
      ...(revertFailure !== undefined && { revertFailure: toPlainFailure(revertFailure) }),
    };
  }
  return atoms;
}

export function retriesOf(plan: Plan, state: State): Readonly<Record<string, unknown>> {
  const retries: Record<string, unknown> = {};
  for (const atom of plan.atoms.values()) {
    if (atom.kind === "retry") retries[atom.name] = historyOf(recordOf(state, atom));
  }
  return retries;
}

export function storageOf(
  plan: Plan,
  state: State,
  store: Vector["spec"]["store"],
): Readonly<Record<string, unknown>> {
  const storage: Record<string, unknown> = {};
  for (const [symbol, outcomes] of fetchAll({ plan, state, store })) {
    const [first] = outcomes;
    if (first === undefined) continue;
    storage[symbol] =
      outcomes.length === 1 ? { one: toValue(first) } : { many: outcomes.map(toValue) };
  }
  return storage;
}

export function historyOf({ history }: AtomRecord): Json {
  return history.map(({ value, failures }) => [value, toPlain(failures)]);
}
