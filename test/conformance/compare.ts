import { sorted } from "./compute.js";
import type { PhaseResult, Replay } from "./replay.js";
import type { Vector } from "./vector.js";

/** Paths at which a replay differs from what TaskFlow did, such as `phases/0/calls/t1`. */
export function differences(vector: Vector, seen: Replay): readonly string[] {
  const relaxed = new Set(vector.expected.relaxed ?? []);
  const want = leaves(vector.expected.phases.map(toComparable), vector.expected.final.storage);
  const got = leaves(seen.phases.map(toObserved), seen.storage);
  const paths = [...new Set([...want.keys(), ...got.keys()])].filter((path) => {
    if (relaxed.has(path)) return false;
    const [a, b] = [want.get(path), got.get(path)];
    return a === undefined || b === undefined || sorted(a) !== sorted(forgetWording(a, b));
  });
  const order = vector.expected.phases.flatMap((phase, index) =>
    outOfOrder(phase["mustPrecede"], seen.phases[index]).map((pair) => `phases/${index}/${pair}`),
  );
  return [...paths, ...order];
}

type Comparable = Readonly<Record<string, unknown>>;

const WHOLE = ["outcome", "error", "raised", "flowState"];
const BY_NAME = ["events", "calls", "flowFailures", "atoms", "retries"];

function leaves(
  phases: readonly Comparable[],
  storage: Comparable | undefined,
): ReadonlyMap<string, unknown> {
  const found = new Map<string, unknown>();
  phases.forEach((phase, index) => {
    for (const key of WHOLE) {
      const value = phase[key];
      if (value === undefined || value === null) continue;
      found.set(`phases/${index}/${key}`, key === "raised" ? sortedList(value) : value);
    }
    for (const key of BY_NAME) {
      for (const [name, value] of Object.entries((phase[key] ?? {}) as Comparable)) {
        if (Array.isArray(value) && value.length === 0 && key !== "retries") continue;
        found.set(`phases/${index}/${key}/${name}`, value);
      }
    }
  });
  for (const [symbol, value] of Object.entries(storage ?? {})) {
    const many = (value as { many?: unknown }).many;
    found.set(`final/storage/${symbol}`, many === undefined ? value : { many: sortedList(many) });
  }
  return found;
}

function sortedList(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return [...(value as readonly unknown[])].sort((a, b) => (sorted(a) < sorted(b) ? -1 : 1));
}

/** Intentions are TaskFlow's inner bookkeeping. */
function toComparable(phase: Comparable): Comparable {
  const atoms = Object.entries((phase["atoms"] ?? {}) as Record<string, Comparable>).map(
    ([name, { intention: _, ...rest }]) => [name, rest],
  );
  return { ...phase, atoms: Object.fromEntries(atoms) as Comparable };
}

function toObserved({ notes, ...phase }: PhaseResult): Comparable {
  const events: Record<string, string[]> = {};
  const calls: Record<string, unknown[]> = {};
  const flowFailures: Record<string, unknown[]> = {};
  for (const note of notes) {
    if (note[0] === "ev") (events[note[1]] ??= []).push(note[2]);
    if (note[0] !== "call") continue;
    const { flowFailures: failures, ...call } = note[2];
    (calls[note[1]] ??= []).push(call);
    if (failures !== undefined) (flowFailures[note[1]] ??= []).push(failures);
  }
  return { ...phase, events, calls, flowFailures };
}

/** Where the expectation's message is null the engine's own wording counted: only types compare. */
function forgetWording(want: unknown, got: unknown): unknown {
  if (Array.isArray(want) && Array.isArray(got)) {
    return got.map((each, index) =>
      index < want.length ? forgetWording(want[index], each) : each,
    );
  }
  if (!isObject(want) || !isObject(got)) return got;
  const entries = Object.entries(got).map(([key, value]) => {
    const forgotten = key === "message" && want["message"] === null && "type" in want;
    return [key, forgotten ? null : key in want ? forgetWording(want[key], value) : value];
  });
  return Object.fromEntries(entries);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Pairs such as `["a@1", "b@0"]`: the second event of a comes before the first of b. */
function outOfOrder(pairs: unknown, phase: PhaseResult | undefined): readonly string[] {
  const places = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const [index, note] of (phase?.notes ?? []).entries()) {
    if (note[0] !== "ev") continue;
    const n = counts.get(note[1]) ?? 0;
    counts.set(note[1], n + 1);
    places.set(`${note[1]}@${n}`, index);
  }
  return ((pairs ?? []) as readonly (readonly [string, string])[])
    .filter(([a, b]) => (places.get(a) ?? -1) > (places.get(b) ?? Infinity))
    .map(([a, b]) => `mustPrecede/${a}<${b}`);
}
