import type { Logger } from "pino";
import type { Candidate, JobBoard, Survey } from "../boards/board.js";
import type { Clock } from "../common/clock.js";
import { TICK_MS, untilTick } from "../common/time/tick.js";
import { eitherSignal } from "../common/signals/either.js";
import { hasCode } from "../common/error.js";
import type { Claim, Claims } from "./claims.js";
import { JobControl } from "./owner/job-control.js";
import { Judging } from "./matching/judging.js";
import type { Matcher } from "./matching/match.js";

/** Candidates asked for at once: taken in their order, and the next one where another was faster. */
const CANDIDATES = 64;
/** Races lost in one look before the agent waits for the next. */
const LOST_MAX = 64;
/** How long signatures that this agent is not able to run, or does not know yet, wait, ms. */
const LOOK_AGAIN_MS = 2_000;
/** The same when an agent of this machine holds what a job needs for itself alone, ms. */
const HELD_MS = 100;
/** Between two looks at an empty board that tells of nothing, ms. */
const LOOK_ANYWAY_MS = 60_000;
/** Pause after the board or persistence failed, ms. */
const TROUBLE_MS = 1_000;

export interface ConductorOptions {
  readonly board: JobBoard;
  readonly claims: Claims;
  readonly matcher: Matcher;
  readonly clock: Clock;
  readonly log: Logger;
  /** Jobs at the same time, asked anew at every look. */
  readonly slots: () => number;
  /** 0 <= x < 1, for agents that compete. */
  random(): number;
  /** Why this agent must not claim now: it was drained, or SQL is away. Never rejects. */
  obstacle(): Promise<string | undefined>;
  /** What a look at the board has shown, for who keeps it complete (P-31). */
  surveyed(survey: Survey): void;
  /** So many jobs run here from now on. */
  busy(jobs: number): void;
  /** Works on a claim until it is released. */
  execute(claim: Claim, control: JobControl): Promise<void>;
}

/** What a look at the board has come to, for who waits until there is nothing to do. */
export type Look =
  /** Jobs run here, or wait that this agent takes, as far as it knows. */
  | { readonly found: "work" }
  /** With the time until something may be claimed, by this agent or others. */
  | { readonly found: "nothing"; readonly dueInMs?: number | undefined }
  | { readonly found: "obstacle"; readonly why: string };

const WORK: Look = { found: "work" };

interface Looked {
  /** How long to wait when nothing else happens, ms. */
  readonly waitMs: number;
  readonly look: Look;
}

/**
 * The claiming loop: look, match, claim, run. It pulls at its own pace; the board's hints, a free
 * slot and the passing of time only wake it.
 */
export class Conductor {
  readonly #options: ConductorOptions;
  readonly #running = new Map<
    string,
    { readonly control: JobControl; readonly done: Promise<void> }
  >();
  readonly #stop = new AbortController();
  readonly #judging: Judging;
  #loop: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  /** Who waits for the next look. */
  #watching: ((look: Look) => void)[] = [];

  constructor(options: ConductorOptions) {
    this.#options = options;
    this.#judging = new Judging({ ...options, found: () => this.wake() });
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Claims nothing more; what runs goes on. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
    this.#judging.stop();
  }

  /** Resolves when nothing runs here any more. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) {
      await Promise.all([...this.#running.values()].map((running) => running.done));
    }
  }

  /** Jobs that run here, with what asks something of them. */
  running(): ReadonlyMap<string, JobControl> {
    return new Map([...this.#running].map(([job, { control }]) => [job, control]));
  }

  /** What the next look that begins comes to; never resolves once it was stopped. */
  nextLook(): Promise<Look> {
    return new Promise((resolve) => this.#watching.push(resolve));
  }

  /** Something may have changed that the board does not know of. */
  wake(): void {
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const { clock } = this.#options;
    const stopped = this.#stop.signal;
    while (!stopped.aborted) {
      const woken = new AbortController();
      // Asked before the look, so that nothing that happens during it goes unnoticed.
      const changed = this.#changed(eitherSignal(stopped, woken.signal));
      const watching = this.#watching.splice(0);
      const { waitMs, look } = await this.#guarded();
      for (const tell of watching) tell(this.#running.size > 0 ? WORK : look);
      const timer = new AbortController();
      const slept = clock.sleep(waitMs, eitherSignal(stopped, timer.signal));
      await Promise.race([changed, slept]);
      timer.abort();
      woken.abort();
      await changed;
    }
  }

  /** Resolves on a hint of the board, a wake, or the signal; a failed board is no hint. */
  async #changed(signal: AbortSignal): Promise<void> {
    const { board, clock } = this.#options;
    const woken = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    const hint = board.changed(signal).catch(() => clock.sleep(TROUBLE_MS, signal));
    await Promise.race([hint, woken]);
  }

  async #guarded(): Promise<Looked> {
    try {
      return await this.#look();
    } catch (error) {
      if (!hasCode(error, "BOARD_DOWN", "PERSISTENCE_DOWN")) {
        this.#options.log.error(
          { err: error },
          "the claiming loop met an unexpected error; it goes on",
        );
      }
      const why = error instanceof Error ? error.message : String(error);
      return { waitMs: TROUBLE_MS, look: { found: "obstacle", why } };
    }
  }

  /** One look at the board. */
  async #look(): Promise<Looked> {
    const { board, clock, slots, obstacle, surveyed } = this.#options;
    // Who is busy or kept from taking jobs rests, with all else that it does again and again.
    const restMs = untilTick(TICK_MS, clock.monotonic());
    if (this.#running.size >= slots()) return { waitMs: restMs, look: WORK };
    const why = await obstacle();
    if (why !== undefined) return { waitMs: restMs, look: { found: "obstacle", why } };
    const survey = await board.survey();
    surveyed(survey);
    const { signatures, nextInMs } = survey;
    const able = await this.#judging.able(signatures);
    if (able.length === 0) {
      const isKnown = this.#judging.settled;
      const look: Look = isKnown ? { found: "nothing", dueInMs: nextInMs } : WORK;
      if (signatures.length === 0) {
        return { waitMs: nextInMs ?? untilTick(LOOK_ANYWAY_MS, clock.monotonic()), look };
      }
      return { waitMs: Math.min(nextInMs ?? Infinity, LOOK_AGAIN_MS), look };
    }
    const waitMs = Math.min(nextInMs ?? Infinity, await this.#claimAll(able));
    return { waitMs, look: WORK };
  }

  /**
   * Claims until the list is at its end, no slot is free, or too many races were lost; tells how
   * long to wait for the next look when nothing else happens. At the end of a list there may be
   * more jobs than it named, and what the agent is able to do is judged anew with each look.
   *
   * Alone, an agent keeps to the order. One that lost a race draws from the first that are left
   * now: all that compete would lose the next one too. Measured with 20 agents on Redis: 0.5 lost
   * claims a job, not 3.
   */
  async #claimAll(able: readonly string[]): Promise<number> {
    const { board, random } = this.#options;
    let [left, held, lost, won] = [able, false, 0, false];
    const list = async (): Promise<Candidate[]> =>
      left.length === 0 ? [] : [...(await board.candidates(left, CANDIDATES))];
    let waiting = await list();
    while (lost < LOST_MAX && (await this.#mayClaim())) {
      const place = lost === 0 ? 0 : Math.floor(random() * waiting.length);
      const [next] = waiting.splice(place, 1);
      if (next === undefined) break;
      const tried = await this.#try(next);
      won ||= tried === "won";
      if (tried === "lost") [lost, waiting] = [lost + 1, await list()];
      if (tried !== "held" && tried !== "holding") continue;
      // Jobs that need the same may be all that the list names; others wait behind them.
      held ||= tried === "held";
      left = left.filter((signature) => signature !== next.signature);
      waiting = waiting.filter(({ signature }) => signature !== next.signature);
      if (waiting.length === 0) waiting = await list();
    }
    if (held) return HELD_MS;
    return won && waiting.length === 0 ? 0 : LOOK_AGAIN_MS;
  }

  async #mayClaim(): Promise<boolean> {
    const { slots, obstacle } = this.#options;
    if (this.#running.size >= slots() || this.#stop.signal.aborted) return false;
    return (await obstacle()) === undefined; // Told meanwhile to take none.
  }

  /**
   * `held`: another agent of this machine holds what the job needs for itself alone, such as a
   * port; `holding`: a job that runs here does, and this agent looks again when it ends.
   */
  async #try({ id, signature }: Candidate): Promise<"won" | "lost" | "held" | "holding" | "here"> {
    const { matcher } = this.#options;
    if (this.#running.has(id)) return "here";
    if (!matcher.free(signature)) return "holding";
    const giveBack = await matcher.hold(signature, id);
    if (giveBack === undefined) return "held";
    const claim = await this.#claim(id, giveBack);
    if (claim === undefined) return "lost";
    this.#begin(claim, giveBack);
    return "won";
  }

  async #claim(id: string, giveBack: () => void): Promise<Claim | undefined> {
    let claim: Claim | undefined;
    try {
      claim = await this.#options.claims.claim(id);
      return claim;
    } finally {
      if (claim === undefined) giveBack();
    }
  }

  #begin(claim: Claim, giveBack: () => void): void {
    const { busy, execute, log } = this.#options;
    const control = new JobControl();
    const done = execute(claim, control)
      .catch((error: unknown) => {
        log.error({ jobId: claim.job, err: error }, "a defect ended the work on a job");
      })
      .finally(() => {
        giveBack();
        this.#running.delete(claim.job);
        busy(this.#running.size);
        this.wake();
      });
    this.#running.set(claim.job, { control, done });
    busy(this.#running.size);
  }
}
