import type { Json, Store } from "../../../common/json.js";
import type { Bodies, CallHooks, CallInfo, RetryInfo, RevertInfo } from "../../../engine/bodies.js";
import {
  createEngine,
  type Engine,
  type EngineEnd,
  type EngineOptions,
} from "../../../engine/engine.js";
import type { FlowSpec } from "../../../engine/flow.js";
import type { Change, Decision, Entry } from "../../../engine/journal.js";
import { compile } from "../../../engine/plan.js";
import { FakeClock } from "../../support/fake-clock.js";

type Body<Info> = (call: Info, hooks: CallHooks) => Json | Promise<Json>;

/** What the author's code does, by atom; an atom without an entry returns its name, undoes null. */
export interface Script {
  readonly execute?: Readonly<Record<string, Body<CallInfo>>>;
  readonly revert?: Readonly<Record<string, Body<RevertInfo>>>;
  readonly retryExecute?: Body<RetryInfo>;
  readonly retryRevert?: Body<RetryInfo & RevertInfo>;
  readonly onFailure?: (call: RetryInfo) => Decision | Promise<Decision>;
  readonly kill?: (atom: string) => Promise<void>;
  readonly decide?: (decider: string, target: string, results: Store) => boolean | Promise<boolean>;
}

/** One job on a stage: its journal outlives its engines. */
export class Stage {
  readonly clock = new FakeClock();
  readonly entries: Entry[] = [];
  /** Calls of bodies in order: `a.x`, `a.r`, `r.x`, `r.r`, `r.?`, `decider>target`. */
  readonly calls: string[] = [];
  readonly infos: (CallInfo & Partial<RevertInfo> & Partial<RetryInfo>)[] = [];
  readonly #spec: FlowSpec;
  readonly #script: Script;
  #token = 0;

  constructor(spec: FlowSpec, script: Script = {}) {
    this.#spec = spec;
    this.#script = script;
  }

  /** A new owner. */
  engine(more: Partial<EngineOptions> = {}): Engine {
    this.#token += 1;
    const token = this.#token;
    return createEngine({
      plan: compile(this.#spec),
      store: {},
      entries: [...this.entries],
      bodies: this.bodies,
      append: (changes) => this.append(token, changes),
      now: () => this.clock.now(),
      random: () => 0,
      sleep: (ms, signal) => this.clock.sleep(ms, signal),
      job: "job",
      ...more,
    });
  }

  run(more: Partial<EngineOptions> = {}): Promise<EngineEnd> {
    return this.engine(more).run();
  }

  async append(token: number, changes: readonly Change[]): Promise<void> {
    await Promise.resolve();
    this.entries.push({ seq: this.entries.length + 1, token, at: this.clock.now(), changes });
  }

  /** The journal as a reader sees it: one line an append. */
  get lines(): readonly string[] {
    return this.entries.map(({ changes }) => changes.map(toWords).join(", "));
  }

  /** Transitions of one atom, in order. */
  states(atom: string): readonly string[] {
    return this.entries.flatMap(({ changes }) =>
      changes.flatMap((change) => {
        if (change.change === "atom" && change.atom === atom) return change.to;
        if (change.change === "ignore" && change.atoms.includes(atom)) return "IGNORE";
        return change.change === "reset" && change.atoms.includes(atom) ? "PENDING" : [];
      }),
    );
  }

  /** What the script says, for engines that are given some bodies of their own. */
  get bodies(): Bodies {
    const { execute, revert, retryExecute, retryRevert, onFailure, decide, kill } = this.#script;
    return {
      ...(kill !== undefined && { kill }),
      execute: async (call, hooks) => {
        this.#note(`${call.atom}.x`, call);
        return (await execute?.[call.atom]?.(call, hooks)) ?? call.atom;
      },
      revert: async (call, hooks) => {
        this.#note(`${call.atom}.r`, call);
        return (await revert?.[call.atom]?.(call, hooks)) ?? null;
      },
      retryExecute: async (call, hooks) => {
        this.#note(`${call.atom}.x`, call);
        return (await retryExecute?.(call, hooks)) ?? call.history.length;
      },
      retryRevert: async (call, hooks) => {
        this.#note(`${call.atom}.r`, call);
        return (await retryRevert?.(call, hooks)) ?? null;
      },
      onFailure: async (call) => {
        this.#note(`${call.atom}.?`, call);
        return (await onFailure?.(call)) ?? "REVERT";
      },
      decide: async ({ decider, target, results }) => {
        this.calls.push(`${decider}>${target}`);
        return (await decide?.(decider, target, results)) ?? true;
      },
    };
  }

  #note(call: string, info: CallInfo): void {
    this.calls.push(call);
    this.infos.push(info);
  }
}

/** `a RUNNING`, `flow SUCCESS`, `r: RETRY`, `reset a b`, `ignore a`, `wait r`, `again a`. */
function toWords(change: Change): string {
  switch (change.change) {
    case "atom":
      return `${change.atom} ${change.to}`;
    case "flow":
      return `flow ${change.to}`;
    case "decision":
      return `${change.retry}: ${change.decision}`;
    case "reset":
    case "ignore":
    case "again":
      return [change.change, ...change.atoms].join(" ");
    case "wait":
      return `wait ${change.retry}`;
    case "saved":
    case "kept":
      return `${change.change} ${change.atom}`;
    case "cancel":
    case "handover":
    case "migrated":
      return change.change;
  }
}

export function fail(message = "boom"): never {
  throw new Error(message);
}

/** Fails so many times, then returns `then`. */
export function failing(times: number, then: Json = null): () => Json {
  let left = times;
  return () => {
    left -= 1;
    return left >= 0 ? fail() : then;
  };
}

/** A body that ends only when told, or (unless `deaf`) when its signal aborts. */
export class Gate {
  readonly entered: Promise<void>;
  #enter: () => void = () => undefined;
  #end: (value: Json) => void = () => undefined;
  readonly #deaf: boolean;

  constructor(deaf = false) {
    this.#deaf = deaf;
    this.entered = new Promise((resolve) => {
      this.#enter = resolve;
    });
  }

  readonly body = (_call: CallInfo, { signal }: CallHooks): Promise<Json> => {
    this.#enter();
    return new Promise((resolve, reject) => {
      this.#end = resolve;
      if (!this.#deaf) signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
  };

  open(value: Json = null): void {
    this.#end(value);
  }
}
