import { JobrunnerError } from "../../common/error.js";
import type { Failure } from "../../common/failure.js";
import { toError } from "../../common/failure.js";
import type { Json, Store } from "../../common/json.js";
import type { Bodies, CallHooks } from "../../engine/bodies.js";
import { compute } from "./compute.js";
import type { Point, ScriptStep, Translated, VectorTask } from "./vector.js";

/** What is compared: transitions, and calls of bodies, in the order in which they happened. */
export type Note =
  | readonly ["ev", atom: string, state: string]
  | readonly ["flow", state: string]
  | readonly ["call", atom: string, call: Readonly<Record<string, unknown>>];

/** The moment a vector's owner dies, or is told to suspend. */
export interface Trigger {
  readonly point: Point;
  readonly pull: () => void;
}

/** Call counters of all phases: the outside world survives deaths. */
export type Counters = Map<string, number>;

/** One phase: its notes, its triggers, and the bodies of the vector's tasks. */
export class PhaseWorld {
  readonly notes: Note[] = [];
  readonly triggers: Trigger[] = [];
  dead = false;
  readonly #counters: Counters;
  readonly #hits = new Map<string, number>();
  /** For bodies that wait until something is stored. */
  #changed: (() => void)[] = [];
  readonly #marks = new Set<string>();

  constructor(counters: Counters) {
    this.#counters = counters;
  }

  /** Notes something; true when it is a point at which somebody waits. */
  note(note: Note): void {
    this.notes.push(note);
    if (note[0] === "ev") this.#mark(`${note[1]}:${note[2]}`);
    if (note[0] === "ev") this.#hit({ atom: note[1], event: note[2] });
    if (note[0] === "flow") this.#hit({ flow: note[1] });
  }

  /** Somebody is inside a body, after its side effects and before its result is seen. */
  enter(atom: string, inside: "execute" | "revert"): void {
    this.#hit({ atom, inside });
  }

  bodies({ tasks, deciders }: Translated, die: () => void): Bodies {
    const run = (atom: string, which: "execute" | "revert", args: Store, hooks: CallHooks) =>
      this.#run({ atom, which, args, die }, tasks, hooks);
    const refuse = (): Promise<never> =>
      Promise.reject(new JobrunnerError("INTERNAL", "vectors have built-in retries only"));
    return {
      execute: (call, hooks) => {
        this.note(["call", call.atom, { m: "execute", args: call.args }]);
        return run(call.atom, "execute", call.args, hooks);
      },
      revert: (call, hooks) => {
        const result = call.outcome === undefined ? null : toValue(call.outcome);
        const flowFailures = toPlain(call.flowFailures);
        this.note(["call", call.atom, { m: "revert", args: call.args, result, flowFailures }]);
        return run(call.atom, "revert", call.args, hooks);
      },
      retryExecute: refuse,
      retryRevert: refuse,
      onFailure: refuse,
      decide: ({ decider, results }) => {
        const { const: fixed, historyHas, historyEquals } = deciders.get(decider) ?? {};
        if (fixed !== undefined) return Promise.resolve(fixed);
        if (historyHas !== undefined) return Promise.resolve(Object.hasOwn(results, historyHas));
        const equal = Object.entries(historyEquals ?? {}).every(
          ([atom, value]) => JSON.stringify(results[atom]) === JSON.stringify(value),
        );
        return Promise.resolve(equal);
      },
    };
  }

  async #run(
    call: { atom: string; which: "execute" | "revert"; args: Store; die: () => void },
    tasks: ReadonlyMap<string, VectorTask>,
    { signal }: CallHooks,
  ): Promise<Json> {
    const { atom, which, args } = call;
    this.#mark(`${atom}:began:${which}`);
    const n = (this.#counters.get(`${atom}/${which}`) ?? 0) + 1;
    this.#counters.set(`${atom}/${which}`, n);
    const steps = tasks.get(atom)?.[which];
    const step = choose(steps?.[Math.min(n, steps.length) - 1] ?? { return: null }, args);
    if (step.holdUntil !== undefined) await this.#until(step.holdUntil.join(":"), signal);
    this.#mark(`${atom}:in:${which}`);
    this.#hit({ atom, inside: which });
    if (this.dead) {
      call.die();
      await new Promise(() => undefined);
    }
    await new Promise((resolve) => setImmediate(resolve));
    if (step.fail !== undefined) throw toError({ name: step.fail.type, ...step.fail } as Failure);
    return step.compute === undefined ? (step.return ?? null) : compute(step, { atom, args, n });
  }

  #mark(mark: string): void {
    this.#marks.add(mark);
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }

  async #until(mark: string, signal: AbortSignal): Promise<void> {
    while (!this.#marks.has(mark) && !signal.aborted) {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    }
  }

  #hit(point: Point): void {
    for (const { point: wanted, pull } of this.triggers) {
      const same =
        wanted.atom === point.atom &&
        wanted.event === point.event &&
        wanted.inside === point.inside &&
        wanted.flow === point.flow;
      if (!same) continue;
      const key = JSON.stringify(wanted);
      const hits = (this.#hits.get(key) ?? 0) + 1;
      this.#hits.set(key, hits);
      if (hits === (wanted.nth ?? 1)) pull();
    }
  }
}

function choose(step: ScriptStep, args: Store): ScriptStep {
  const { if: condition } = step;
  if (condition === undefined) return step;
  const value = JSON.stringify(args[condition.arg] ?? null);
  const yes =
    condition.in === undefined
      ? value === JSON.stringify(condition.equals ?? null)
      : condition.in.some((each) => JSON.stringify(each) === value);
  return choose((yes ? step.then : step.else) ?? { return: null }, args);
}

/** A failure as vectors write it. */
export function toPlainFailure({ name, message }: Failure): Json {
  return { type: name, message };
}

export function toPlain(failures: Readonly<Record<string, Failure>>): Json {
  return Object.fromEntries(
    Object.entries(failures).map(([atom, failure]) => [atom, toPlainFailure(failure)]),
  );
}

export function toValue(
  outcome: { ok: true; value: Json } | { ok: false; failure: Failure },
): Json {
  return outcome.ok ? outcome.value : { $failure: toPlainFailure(outcome.failure) };
}
