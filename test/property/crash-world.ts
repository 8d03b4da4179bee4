import { JobrunnerError } from "../../common/error.js";
import type { EndState } from "../../common/job.js";
import type { Bodies } from "../../engine/bodies.js";
import { createEngine, type Engine, type EngineEnd } from "../../engine/engine.js";
import type { AtomState, Change, Entry } from "../../engine/journal.js";
import { type AtomNode, isAtom, type Plan } from "../../engine/plan.js";
import type { BodyScript, RandomFlow } from "./random-flow.js";

/** More appends than any of these flows can need: it is stuck in a circle. */
const APPENDS_MAX = 2_000;

/** From here on a wait is a limit, not a back-off, ms. */
const LIMIT_MS = 60_000;

/** Legal transitions once more, written down apart from the engine's own table. */
const LEGAL: ReadonlySet<string> = new Set([
  "PENDING>RUNNING",
  "RUNNING>SUCCESS",
  "RUNNING>FAILURE",
  "RUNNING>REVERTING", // Interrupted by a death, and not wanted any more.
  "SUCCESS>REVERTING",
  "FAILURE>REVERTING",
  "REVERTING>REVERTED",
  "REVERTING>REVERT_FAILURE",
  "SUCCESS>RETRYING",
  "RETRYING>RUNNING",
  "RETRYING>REVERTING",
]);

/** What becomes of one owner; by default nothing does. Appends are counted from 1. */
export interface Fate {
  /** It dies right after this append is durable. */
  readonly dieAfter?: number;
  /** No more than so many changes of its last append are durable. */
  readonly kept?: number;
  /** The job is cancelled during this append. */
  readonly cancelAt?: number;
  /** It is told to leave during this append. */
  readonly leaveAt?: number;
  readonly how?: "handover" | "suspended";
  /** Told to leave, it has no time for anything. */
  readonly inHaste?: boolean;
  readonly concurrency?: number;
}

/** Where the journal is kept; by default in this process alone. */
export interface Journal {
  /** A new ownership, and what it finds. */
  begin(): Promise<Owned>;
}

export interface Owned {
  readonly token: number;
  readonly entries: readonly Entry[];
  append(seq: number, changes: readonly Change[]): Promise<void>;
}

/** What outlives every owner: the journal, and the outside world. */
export class CrashWorld {
  readonly entries: Entry[] = [];
  readonly states = new Map<string, AtomState>();
  readonly #flow: RandomFlow;
  readonly #plan: Plan;
  readonly #calls = new Map<string, number>();
  readonly #journal: Journal;
  #now = 0;
  #revertFailed = false;

  constructor(flow: RandomFlow, plan: Plan, journal: Journal = inMemory(() => this.entries)) {
    this.#flow = flow;
    this.#plan = plan;
    this.#journal = journal;
    for (const name of plan.atoms.keys()) this.states.set(name, "PENDING");
  }

  /** One owner; undefined when it died. */
  async own(fate: Fate = {}): Promise<EngineEnd | undefined> {
    const { dieAfter = Number.POSITIVE_INFINITY, kept, concurrency } = fate;
    const owned = await this.#journal.begin();
    let appends = 0;
    const died = new JobrunnerError("OWNERSHIP_LOST", "the owner died");
    const engine = createEngine({
      plan: this.#plan,
      store: this.#flow.store,
      entries: owned.entries,
      bodies: this.#bodies(() => appends >= dieAfter),
      append: async (changes) => {
        appends += 1;
        await this.#store(owned, appends === dieAfter ? changes.slice(0, kept) : changes);
        if (appends === fate.cancelAt) engine.cancel(true);
        if (appends === fate.leaveAt) leave(engine, fate);
        if (this.#running > (concurrency ?? this.#running)) throw new Error("too many at a time");
        if (appends >= dieAfter) throw died;
        await Promise.resolve();
      },
      now: () => this.#now,
      random: () => 0.5,
      sleep: async (ms, signal) => {
        // Limits are for what does not come to an end: here everything does.
        if (ms >= LIMIT_MS) await new Promise((end) => signal.addEventListener("abort", end));
        await turn();
        if (!signal.aborted) this.#now += Math.max(0, ms);
      },
      job: "job",
      ...(concurrency !== undefined && { concurrency }),
    });
    try {
      return await engine.run();
    } catch (error) {
      if (error === died) return undefined;
      throw error;
    }
  }

  /** Owners until the flow has ended. */
  async finish(fate: Fate = {}): Promise<EndState> {
    for (let owners = 0; owners < APPENDS_MAX; owners += 1) {
      const end = await this.own(fate);
      if (end !== undefined && "ended" in end) return end.ended;
    }
    throw new Error("no owner ever ended the flow");
  }

  get #running(): number {
    const states = [...this.states.values()];
    return states.filter((state) => state === "RUNNING" || state === "REVERTING").length;
  }

  async #store({ token, append }: Owned, changes: readonly Change[]): Promise<void> {
    const seq = this.entries.length + 1;
    if (seq > APPENDS_MAX) throw new Error(`stuck: ${JSON.stringify(changes)}`);
    const last = this.entries.at(-1)?.changes.at(-1);
    if (last?.change === "flow" && isEnd(last.to)) throw new Error("an entry after the end");
    for (const change of changes) this.#note(change);
    // Through JSON, as a database would have it.
    this.entries.push(JSON.parse(JSON.stringify({ seq, token, at: this.#now, changes })) as Entry);
    await append(seq, changes);
  }

  #note(change: Change): void {
    if (change.change === "atom") this.#move(change.atom, change.to);
    if (change.change === "ignore") for (const atom of change.atoms) this.#ignore(atom);
    if (change.change === "reset") for (const atom of change.atoms) this.#reset(atom);
  }

  #move(atom: string, to: AtomState): void {
    const move = `${String(this.states.get(atom))}>${to}`;
    if (!LEGAL.has(move)) throw new Error(`illegal step of ${atom}: ${move}`);
    // Nothing begins once a revert has failed, whoever owns the flow then.
    const begins = /^(PENDING>RUNNING|(SUCCESS|FAILURE)>REVERTING)$/.test(move);
    if (begins && this.#revertFailed) throw new Error(`${atom} ${move} after a failed revert`);
    if (to === "REVERT_FAILURE") this.#revertFailed = true;
    this.states.set(atom, to);
  }

  #ignore(atom: string): void {
    if (this.states.get(atom) !== "PENDING") throw new Error(`${atom} ignored too late`);
    this.states.set(atom, "IGNORE");
  }

  #reset(atom: string): void {
    const state = this.states.get(atom);
    if (state !== "REVERTED" && state !== "IGNORE") throw new Error(`${atom} reset in ${state}`);
    this.states.set(atom, "PENDING");
  }

  #bodies(dead: () => boolean): Bodies {
    const { scripts, retries, decisions, deciders } = this.#flow;
    const execute = async (atom: string, script: BodyScript | undefined): Promise<string> => {
      this.#begin(atom, "RUNNING", dead());
      const call = this.#count(atom);
      await turn();
      if (script?.fails(call) === true) throw new Error(`${atom} fails`);
      return `${atom}#${call}`;
    };
    const revert = async (atom: string, script: BodyScript | undefined): Promise<null> => {
      this.#begin(atom, "REVERTING", dead());
      await turn();
      if (script?.revertFails(this.#count(`${atom}/revert`)) === true) {
        throw new Error(`${atom} cannot be reverted`);
      }
      return null;
    };
    return {
      execute: ({ atom }) => execute(atom, scripts.get(atom)),
      revert: ({ atom }) => revert(atom, scripts.get(atom)),
      retryExecute: ({ atom }) => execute(atom, retries.get(atom)),
      retryRevert: ({ atom }) => revert(atom, retries.get(atom)),
      onFailure: async ({ atom, history }) => {
        await turn();
        if (history.length < 2) return "RETRY";
        const decision = decisions.get(atom);
        if (decision === undefined) throw new Error(`${atom} cannot decide`);
        return decision;
      },
      decide: async ({ decider }) => {
        await turn();
        return deciders.get(decider) ?? true;
      },
    };
  }

  /** A body begins only after the entry that says so, and only in its turn. */
  #begin(name: string, state: AtomState, dead: boolean): void {
    if (dead) throw new Error(`a dead owner called ${name}`);
    const atom = this.#plan.atoms.get(name);
    if (atom === undefined || this.states.get(name) !== state) {
      throw new Error(`${name} called in ${String(this.states.get(name))}`);
    }
    const forward = state === "RUNNING";
    const allowed: readonly AtomState[] = forward
      ? ["SUCCESS", "IGNORE"]
      : ["PENDING", "REVERTED", "IGNORE"];
    for (const other of this.#reached(atom, forward ? this.#plan.before : this.#plan.after)) {
      const its = this.states.get(other.name) ?? "PENDING";
      if (!allowed.includes(its)) throw new Error(`${name} ${state} while ${other.name} is ${its}`);
    }
  }

  /** All atoms before, or after, one. */
  #reached(atom: AtomNode, edges: Plan["before"]): readonly AtomNode[] {
    const seen = new Set(edges[atom.index]);
    for (const index of seen) for (const next of edges[index] ?? []) seen.add(next);
    return [...seen].flatMap((index) => {
      const node = this.#plan.nodes[index];
      return node !== undefined && isAtom(node) ? [node] : [];
    });
  }

  #count(what: string): number {
    const call = this.#calls.get(what) ?? 0;
    this.#calls.set(what, call + 1);
    return call;
  }
}

function leave(engine: Engine, { how = "handover", inHaste = false }: Fate): void {
  engine.leave(how, inHaste ? AbortSignal.abort() : new AbortController().signal);
}

function isEnd(state: string): boolean {
  return ["SUCCESS", "REVERTED", "FAILURE", "CANCELLED"].includes(state);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function inMemory(entries: () => readonly Entry[]): Journal {
  let token = 0;
  return {
    begin: () => {
      token += 1;
      return Promise.resolve({ token, entries: [...entries()], append: () => Promise.resolve() });
    },
  };
}
