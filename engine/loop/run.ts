import { hasCode } from "../../common/error.js";
import { isEnded } from "../../common/job.js";
import type { Json } from "../../common/json.js";
import { apply } from "../apply.js";
import type { AtomNode } from "../compile/node.js";
import { endOf, hasWork, nextStep, type Step } from "../decide.js";
import type { AtomState, Change } from "../journal.js";
import { mayRevert, queueIfReady } from "../state.js";
import { type CallRequest, Calls, SETTLE_MS } from "./calls.js";
import { type Consulted, consulted, type Desk, refuseToSave } from "./desk.js";
import { type Memory, remember } from "./memory.js";
import type { Engine, EngineEnd, EngineOptions } from "./options.js";
import { settle } from "./outcome.js";
import { answerQuestions } from "./questions.js";
import { startAll } from "./steps.js";

/** How long a body may take to stop when its owner has no time left, ms. */
const HANDOVER_SETTLE_MS = 1_000;

/*
 * The loop: what happened -> what follows -> one append -> bodies, until nothing is left.
 *
 *   collect  outcomes, votes and answers that came in meanwhile become changes
 *   advance  failures are decided upon, then all that is ready starts; what the engine does itself
 *            is done at once
 *   flush    one append; only then the bodies of what it says is RUNNING are called
 *
 * Changes are folded when they are formed. That is safe: nobody acts on the fold before the append
 * is durable, and an engine whose append failed is over.
 */
export class FlowRun implements Engine {
  readonly #options: EngineOptions;
  readonly #memory: Memory;
  readonly #desk: Desk;
  readonly #calls: Calls;
  /** What came in and is not yet a change. */
  #inbox: (() => void)[] = [];
  #changes: Change[] = [];
  /** What waits for the next append to be durable: bodies to call, savers to tell. */
  #launches: CallRequest[] = [];
  #savers: (() => void)[] = [];
  #consulting = 0;
  readonly #waiting = new Set<AtomNode>();
  /** A revert failed, or nothing is to be resolved: what runs ends, nothing new starts. */
  #halted = false;
  #leaving: "handover" | "suspended" | undefined;
  #cancelling: { readonly revert: boolean } | undefined;
  readonly #over = new AbortController();
  readonly #lost: Promise<never>;
  #poked = false;
  #wake: () => void = () => undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#memory = remember(options);
    this.#desk = this.#createDesk();
    const { signal } = this.#over;
    this.#lost = new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    this.#lost.catch(() => undefined); // Whoever waits for something hears of it.
    this.#calls = new Calls({
      sleep: (ms, until) => options.sleep(ms, until),
      saved: (atom, value) => this.#save(atom, value),
      progress: (atom, fraction, note) => options.progress?.(atom.name, fraction, note),
      settled: (atom, outcome) => this.#take(() => settle(this.#desk, atom, outcome)),
      left: (atom) => this.#take(() => this.#memory.present.orphans.add(atom)),
      lost: (error) => this.abort(error),
    });
  }

  async run(): Promise<EngineEnd> {
    const { state } = this.#memory;
    const { flow } = state;
    if (flow !== "PENDING" && isEnded(flow) && this.#options.plain?.rerun !== true)
      return { ended: flow };
    try {
      this.#begin();
      return await this.#loop();
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      this.#over.abort(new Error("the engine has ended"));
    }
  }

  leave(how: "handover" | "suspended", grace: AbortSignal): void {
    this.#leaving = how;
    this.#calls.leave(LEAVES, isInterruptible, SETTLE_MS);
    const leaveAll = () => this.#calls.leave(LEAVES, () => true, HANDOVER_SETTLE_MS);
    if (grace.aborted) leaveAll();
    else grace.addEventListener("abort", leaveAll, { once: true, signal: this.#over.signal });
    this.#poke();
  }

  cancel(revert: boolean): void {
    this.#cancelling = { revert };
    this.#poke();
  }

  abort(reason: Error): void {
    this.#over.abort(reason);
    this.#calls.drop(reason);
    this.#poke();
  }

  async #loop(): Promise<EngineEnd> {
    const stepwise = this.#options.plain?.stepwise === true;
    for (;;) {
      this.#over.signal.throwIfAborted();
      this.#collect();
      this.#advance(stepwise);
      const end = this.#end();
      const wrote = this.#changes.length > 0;
      if (wrote) await this.#flush();
      if (end !== undefined) return end;
      if (!(stepwise && wrote)) await this.#news();
    }
  }

  #begin(): void {
    const { state } = this.#memory;
    if (this.#leaving !== undefined) return;
    if (state.flow === "REVERTED") this.#emit({ change: "flow", to: "PENDING" });
    if (state.flow !== "RUNNING" && state.flow !== "REVERTING") this.#proceed();
  }

  #proceed(): void {
    const { flow, revertsAll } = this.#memory.state;
    this.#emit({ change: "flow", to: revertsAll && flow !== "PENDING" ? "REVERTING" : "RUNNING" });
  }

  #collect(): void {
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const report of inbox) report();
    const cancelling = this.#cancelling;
    if (cancelling === undefined) return;
    this.#cancelling = undefined;
    this.#emit({ change: "cancel", revert: cancelling.revert });
    const error = new Error("the job was cancelled");
    error.name = "CancelledError";
    this.#calls.abort(error, ({ reverting }) => !reverting || !cancelling.revert);
  }

  #advance(stepwise: boolean): void {
    for (;;) {
      const decided = answerQuestions(this.#desk, this.#leaving === undefined);
      if (!decided || !this.#mayStart()) return;
      if (stepwise && this.#changes.length > 0) return;
      const wave = this.#wave();
      if (wave.length === 0) return;
      startAll(this.#desk, wave);
    }
  }

  #mayStart(): boolean {
    const { cancelled } = this.#memory.state;
    return this.#leaving === undefined && !this.#halted && cancelled?.revert !== false;
  }

  #wave(): readonly Step[] {
    const { state, present } = this.#memory;
    const running = this.#calls.size + this.#launches.length;
    const room = (this.#options.concurrency ?? Number.POSITIVE_INFINITY) - running;
    const wave: Step[] = [];
    while (wave.length < room) {
      const step = nextStep(state, present);
      if (step === undefined) break;
      wave.push(step);
    }
    return wave;
  }

  /** How the run ends, when it does; what is to be written about it is among the changes then. */
  #end(): EngineEnd | undefined {
    const { state, present } = this.#memory;
    const busy = this.#calls.size + this.#consulting + this.#launches.length + this.#inbox.length;
    if (busy > 0) return undefined;
    const waits = [...this.#waiting].some((atom) => mayRevert(state, atom.index));
    const unfinished = waits || hasWork(state, present);
    if (unfinished && this.#mayStart()) return undefined;
    if (unfinished && this.#leaving !== undefined && !this.#halted) {
      return this.#left(this.#leaving);
    }
    const ended = endOf(state);
    if (state.flow === "PENDING" || state.flow === "SUSPENDED") this.#proceed();
    this.#emit({ change: "flow", to: ended });
    return { ended };
  }

  #left(how: "handover" | "suspended"): EngineEnd {
    if (how === "handover") this.#emit({ change: "handover" });
    else this.#emit({ change: "flow", to: "SUSPENDED" });
    return { left: how };
  }
  /** Folds a change and puts it into the next append. */
  #emit(change: Change): void {
    const { plan, state } = this.#memory;
    apply(plan, state, [change]);
    this.#changes.push(change);
    if (change.change === "atom" && this.#halts(change.to)) this.#halted = true;
    if (state.revertsAll && state.flow === "RUNNING") {
      this.#emit({ change: "flow", to: "REVERTING" });
    }
  }

  #halts(to: AtomState): boolean {
    const { neverResolve } = this.#memory.plan.spec;
    return to === "REVERT_FAILURE" || (to === "FAILURE" && neverResolve === true);
  }

  async #flush(): Promise<void> {
    const [changes, launches, savers] = [this.#changes, this.#launches, this.#savers];
    this.#changes = [];
    this.#savers = [];
    await Promise.race([this.#options.append(changes), this.#lost]);
    this.#launches = [];
    for (const saver of savers) saver();
    for (const request of launches) {
      // Told to leave while this was written: the next owner finds it RUNNING and starts it.
      if (this.#leaving === "handover") this.#memory.present.orphans.add(request.atom);
      else this.#calls.start(request);
    }
    if (this.#leaving !== undefined) this.#calls.leave(LEAVES, isInterruptible, SETTLE_MS);
    if (launches.length > 0 && this.#leaving === "handover") this.#poke();
  }

  /** Resolves when there is something to collect, or the ownership is over. */
  async #news(): Promise<void> {
    if (!this.#poked) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([woken, this.#lost]);
    }
    this.#poked = false;
  }

  #poke(): void {
    this.#poked = true;
    this.#wake();
  }

  #take(report: () => void): void {
    this.#inbox.push(report);
    this.#poke();
  }

  #save(atom: AtomNode, value: Json): Promise<void> {
    const stored = new Promise<void>((resolve) => {
      this.#take(() => {
        this.#emit({ change: "saved", atom: atom.name, value });
        this.#savers.push(resolve);
      });
    });
    return Promise.race([stored, this.#lost]);
  }

  #createDesk(): Desk {
    const { bodies, job, now, random } = this.#options;
    return {
      ...this.#memory,
      ...{ bodies, job, now, random },
      hooks: { signal: this.#over.signal, saved: refuseToSave, progress: () => undefined },
      emit: (change) => this.#emit(change),
      launch: (request) => void this.#launches.push(request),
      consult: (ask, answer) => void this.#consult(ask, answer),
      wake: (atom, until) => void this.#wakeAt(atom, until),
    };
  }

  async #consult<T>(ask: () => Promise<T>, answer: (result: Consulted<T>) => void): Promise<void> {
    this.#consulting += 1;
    const result = await consulted(ask);
    if (!result.ok && hasCode(result.error, "OWNERSHIP_LOST", "RUNNER_DIED")) {
      return this.abort(result.error);
    }
    this.#take(() => {
      this.#consulting -= 1;
      answer(result);
    });
  }

  /** Looks at a retry again when its back-off is over. */
  async #wakeAt(atom: AtomNode, until: number): Promise<void> {
    if (this.#waiting.has(atom)) return;
    this.#waiting.add(atom);
    await this.#options.sleep(until - this.#options.now(), this.#over.signal);
    this.#waiting.delete(atom);
    this.#take(() => queueIfReady(this.#memory.state, atom.index));
  }
}

const LEAVES = new Error("the owner leaves");

function isInterruptible({ atom, reverting }: CallRequest): boolean {
  return !reverting && atom.spec.kind === "task" && atom.spec.interruptible === true;
}
