import { toError } from "../../common/failure.js";
import { isEnded } from "../../common/job.js";
import type { Json } from "../../common/json.js";
import { apply } from "../apply.js";
import type { AtomNode } from "../compile/node.js";
import { endOf, halts, hasWork, nextStep, putBack, type Step } from "../decide.js";
import type { Change } from "../journal.js";
import { mayRevert, queueIfReady, type State } from "../state.js";
import { Consultations } from "./asking/consultations.js";
import { answerQuestions } from "./asking/questions.js";
import { mayTurn } from "./asking/turns.js";
import { type CallRequest, Calls, SETTLE_MS } from "./calls.js";
import type { Desk } from "./desk.js";
import { leftMs, overtime } from "./flow-limit.js";
import { Inbox } from "./inbox.js";
import { Lifeline } from "./lifeline.js";
import { type Memory, remember } from "./memory.js";
import type { Engine, EngineEnd, EngineOptions } from "./options.js";
import { settle } from "./outcome.js";
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
  readonly #consultations: Consultations;
  readonly #lifeline = new Lifeline();
  readonly #inbox = new Inbox(this.#lifeline);
  #changes: Change[] = [];
  /** What waits for the next append to be durable: bodies to call, savers to tell. */
  #launches: CallRequest[] = [];
  #savers: (() => void)[] = [];
  readonly #waiting = new Set<{ readonly atom: AtomNode }>();
  #leaving: Leaving | undefined;
  #cancelling: State["cancelled"];

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#memory = remember(options);
    this.#desk = this.#createDesk();
    this.#calls = new Calls({
      sleep: (ms, until) => options.sleep(ms, until),
      saved: (atom, value) => this.#save(atom, value),
      progress: (atom, fraction, note) => options.progress?.(atom.name, fraction, note),
      settled: (atom, outcome) => this.#inbox.put(() => settle(this.#desk, atom, outcome)),
      kill: async (atom) => options.bodies.kill?.(atom.name),
      left: (atom) => this.#inbox.put(() => this.#memory.present.orphans.add(atom)),
      lost: (error) => this.abort(error),
    });
    this.#consultations = new Consultations({
      sleep: (ms, until) => options.sleep(ms, until),
      report: (take) => this.#inbox.put(take),
      lost: (error) => this.abort(error),
    });
  }

  async run(): Promise<EngineEnd> {
    const { flow } = this.#memory.state;
    const rerun = this.#options.plain?.rerun === true && flow !== "CANCELLED";
    if (flow !== "PENDING" && isEnded(flow) && !rerun) return { ended: flow };
    void this.#limit();
    try {
      this.#begin();
      return await this.#loop();
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)));
      throw error;
    } finally {
      this.abort(new Error("the engine has ended"));
    }
  }

  leave(how: "handover" | "suspended", grace: AbortSignal): void {
    this.#leaving = { how, grace };
    this.#calls.leave(LEAVES, isInterruptible, SETTLE_MS);
    const leaveAll = () => {
      this.#calls.leave(LEAVES, () => true, HANDOVER_SETTLE_MS);
      this.#inbox.poke();
    };
    if (grace.aborted) leaveAll();
    else grace.addEventListener("abort", leaveAll, { once: true, signal: this.#lifeline.signal });
    this.#inbox.poke();
  }

  cancel(revert: boolean): void {
    this.#cancelling = { revert };
    this.#inbox.poke();
  }

  abort(reason: Error): void {
    this.#lifeline.end(reason);
    this.#calls.drop(reason);
    this.#consultations.end(reason);
  }

  async #loop(): Promise<EngineEnd> {
    const stepwise = this.#options.plain?.stepwise === true;
    for (;;) {
      this.#lifeline.signal.throwIfAborted();
      this.#collect();
      this.#advance(stepwise);
      const end = this.#end();
      const wrote = this.#changes.length > 0;
      if (wrote) await this.#flush();
      if (end !== undefined) return end;
      if (!(stepwise && wrote)) await this.#inbox.news();
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
    this.#inbox.empty();
    const cancelling = this.#cancelling;
    if (cancelling === undefined) return;
    this.#cancelling = undefined;
    this.#emit({ change: "cancel", ...cancelling });
    const error = toError(cancelling.failure ?? CANCELLED);
    this.#calls.abort(error, ({ reverting }) => !reverting || !cancelling.revert);
  }

  #advance(stepwise: boolean): void {
    for (;;) {
      this.#consultations.prune();
      const decided = answerQuestions(this.#desk, this.#leaving === undefined);
      this.#consultations.prune(); // The answers may have turned the flow.
      if (!decided || !this.#mayStart()) return;
      if (stepwise && this.#changes.length + this.#memory.present.voting.size > 0) return;
      const wave = this.#wave();
      if (wave.length === 0) return;
      startAll(this.#desk, stepwise ? this.#votesFirst(wave) : wave);
    }
  }

  #mayStart(): boolean {
    const { cancelled } = this.#memory.state;
    return this.#leaving === undefined && cancelled?.revert !== false;
  }

  #wave(): readonly Step[] {
    const { state, present } = this.#memory;
    const running = this.#calls.size + this.#launches.length;
    const { concurrency = this.#memory.plan.spec.concurrency } = this.#options;
    const room = (concurrency ?? Number.POSITIVE_INFINITY) - running;
    const wave: Step[] = [];
    while (wave.length < room) {
      const step = nextStep(state, present);
      if (step === undefined) break;
      wave.push(step);
    }
    return wave;
  }

  /** The word of the deciders comes before everything else of their wave. */
  #votesFirst(wave: readonly Step[]): readonly Step[] {
    const { state, present } = this.#memory;
    const votes = wave.filter(({ step }) => step === "vote");
    if (votes.length === 0) return wave;
    for (const step of wave) if (step.step !== "vote") putBack(state, present, step);
    return votes;
  }

  /** How the run ends, when it does; what is to be written about it is among the changes then. */
  #end(): EngineEnd | undefined {
    const { state, present } = this.#memory;
    // Questions that nobody has answered in all that time are left to the next owner.
    const asked = this.#leaving?.grace.aborted === true ? 0 : this.#consultations.size;
    const busy = this.#calls.size + asked + this.#launches.length + this.#inbox.size;
    if (busy > 0) return undefined;
    const waits = [...this.#waiting].some(({ atom }) => mayRevert(state, atom.index));
    const unfinished = hasWork(state, present) || (waits && !present.halted);
    if (unfinished && this.#mayStart()) return undefined;
    if (unfinished && this.#leaving !== undefined) return this.#left(this.#leaving.how);
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
    const { plan, state, present } = this.#memory;
    apply(plan, state, [change]);
    this.#changes.push(change);
    if (mayTurn(this.#memory, change)) this.#consultations.turn();
    if (change.change === "atom" && halts(plan, change.to)) present.halted = true;
    if (state.revertsAll && state.flow === "RUNNING") {
      this.#emit({ change: "flow", to: "REVERTING" });
    }
  }

  async #flush(): Promise<void> {
    const [changes, launches, savers] = [this.#changes, this.#launches, this.#savers];
    this.#changes = [];
    this.#savers = [];
    await this.#lifeline.hold(this.#options.append(changes));
    this.#launches = [];
    for (const saver of savers) saver();
    for (const request of launches) {
      if (this.#mayLaunch(request)) this.#calls.start(request);
      else this.#inbox.put(() => this.#memory.present.orphans.add(request.atom));
    }
  }

  /** Told to leave while it was written: the next owner finds it RUNNING and starts it. */
  #mayLaunch(request: CallRequest): boolean {
    if (this.#leaving === undefined) return true;
    const { how, grace } = this.#leaving;
    return how === "suspended" && !grace.aborted && !isInterruptible(request);
  }

  #save(atom: AtomNode, value: Json): Promise<void> {
    const stored = new Promise<void>((resolve) => {
      this.#inbox.put(() => {
        this.#emit({ change: "saved", atom: atom.name, value });
        this.#savers.push(resolve);
      });
    });
    return this.#lifeline.hold(stored);
  }

  #createDesk(): Desk {
    const { bodies, job, now, random } = this.#options;
    return {
      ...this.#memory,
      ...{ bodies, job, now, random },
      emit: (change) => this.#emit(change),
      launch: (request) => void this.#launches.push(request),
      consult: (consultation) => void this.#consultations.put(consultation),
      wake: (atom, until) => void this.#wakeAt(atom, until),
    };
  }

  /** Ends the flow when its time is over, unless it goes backwards anyway. */
  async #limit(): Promise<void> {
    const { plan, state } = this.#memory;
    const ms = leftMs(plan.spec, this.#options.entries, this.#options.now());
    if (ms === undefined) return;
    await this.#options.sleep(ms, this.#lifeline.signal);
    if (state.revertsAll || state.cancelled !== undefined) return;
    this.#cancelling ??= { revert: true, failure: overtime(plan.spec) };
    this.#inbox.poke();
  }

  /** Looks at a retry again when its back-off is over. */
  async #wakeAt(atom: AtomNode, until: number): Promise<void> {
    const waiter = { atom };
    this.#waiting.add(waiter);
    await this.#options.sleep(until - this.#options.now(), this.#lifeline.signal);
    this.#waiting.delete(waiter);
    this.#inbox.put(() => queueIfReady(this.#memory.state, atom.index));
  }
}

interface Leaving {
  readonly how: "handover" | "suspended";
  readonly grace: AbortSignal;
}

const CANCELLED = { name: "CancelledError", message: "the job was cancelled" };
const LEAVES = new Error("the owner leaves");

function isInterruptible({ atom, reverting }: CallRequest): boolean {
  return !reverting && atom.spec.kind === "task" && atom.spec.interruptible === true;
}
