import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { EndState } from "../../common/job.js";
import type { HookMetrics } from "../hooks/hooks.js";
import type { Fired, FiringMetrics } from "../schedules/firing.js";

/*
 * What an agent counts and measures, for Prometheus. Everything is held in a registry of its own
 * and costs nothing between two events; gauges are read when somebody asks. No label is a job's
 * id, and labels that authors choose are bounded: a series is kept while the agent runs.
 */

/** Seconds of an act of board or database. */
const ACT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];
/** Seconds of work, which may take hours. */
const WORK_SECONDS = [0.01, 0.1, 1, 10, 60, 600, 3_600, 21_600];

/** Different values of a label that authors choose; further ones are counted together. */
const VALUES_MAX = 500;
const OTHERS = "(others)";

export class Metrics implements FiringMetrics, HookMetrics {
  readonly #registry = new Registry();
  readonly #seen = new Map<string, Set<string>>();
  readonly #posted = this.#counter("jobs_posted_total", "Jobs posted at this agent.", ["flow"]);
  readonly #finished = this.#counter(
    "jobs_finished_total",
    "Jobs that ended while this agent owned them, by outcome.",
    ["flow", "outcome"],
  );
  readonly #resumed = this.#counter("resumptions_total", "Jobs taken over from another owner.");
  readonly #retried = this.#counter("atom_retries_total", "Decisions of retries to try again.");
  readonly #claims = this.#counter("claims_total", "Claims asked for: won, or lost to another.", [
    "result",
  ]);
  readonly #claimsLost = this.#counter("claims_lost_total", "Claims that ended under a job.");
  readonly #evaluations = this.#counter(
    "capability_evaluations_total",
    "Capabilities asked of this machine, by verdict; remembered verdicts are not counted.",
    ["name", "result"],
  );
  readonly #wait = this.#histogram(
    ["job_wait_seconds", "From posting, or from when it was due, to the first owner."],
    WORK_SECONDS,
    ["flow"],
  );
  readonly #duration = this.#histogram(
    ["job_duration_seconds", "From posting, or from when it was due, to the end."],
    WORK_SECONDS,
    ["flow", "outcome"],
  );
  readonly #atoms = this.#histogram(
    ["atom_duration_seconds", "Bodies of tasks, by phase: execute or revert."],
    WORK_SECONDS,
    ["flow", "atom", "phase"],
  );
  readonly #capabilities = this.#histogram(
    ["capability_seconds", "Time a capability took to answer."],
    ACT_SECONDS,
    ["name"],
  );
  readonly #board = this.#histogram(
    ["board_operations_seconds", "Acts of the board."],
    ACT_SECONDS,
    ["board", "op"],
  );
  readonly #renewals = this.#histogram(
    ["claim_renew_seconds", "Renewals of all claims together."],
    ACT_SECONDS,
  );
  readonly #writes = this.#histogram(
    ["persistence_write_seconds", "Commits, each of one or many jobs."],
    ACT_SECONDS,
    ["op"],
  );

  readonly #fires = this.#counter(
    "schedule_fires_total",
    "Due times of schedules this agent acted on: posted, caught_up, skipped, or failed to post.",
    ["schedule", "result"],
  );
  readonly #late = this.#histogram(
    ["schedule_late_seconds", "From when a schedule was due to when its job was posted."],
    WORK_SECONDS,
    ["schedule"],
  );

  readonly #hookCalls = this.#counter(
    "hook_calls_total",
    "Calls of hooks, each try: done, failed, or given_up for good.",
    ["result"],
  );
  readonly #hookTime = this.#histogram(["hook_seconds", "Calls of hooks."], ACT_SECONDS);

  hookCalled(result: "done" | "failed" | "given_up", ms?: number): void {
    this.#hookCalls.inc({ result });
    if (ms !== undefined) this.#hookTime.observe(seconds(ms));
  }

  scheduleFired(named: string, result: Fired, lateMs?: number): void {
    const schedule = this.#bounded("schedule", named);
    this.#fires.inc({ schedule, result });
    if (lateMs !== undefined) this.#late.observe({ schedule }, seconds(lateMs));
  }

  jobPosted(flow: string): void {
    this.#posted.inc({ flow: this.#bounded("flow", flow) });
  }

  /** `waitMs`: of a job that nobody owned before. */
  jobStarted(flow: string, waitMs: number | undefined): void {
    if (waitMs === undefined) this.#resumed.inc();
    else this.#wait.observe({ flow: this.#bounded("flow", flow) }, seconds(waitMs));
  }

  jobEnded(named: string, outcome: EndState, durationMs: number): void {
    const flow = this.#bounded("flow", named);
    this.#finished.inc({ flow, outcome });
    this.#duration.observe({ flow, outcome }, seconds(durationMs));
  }

  atomRan(flow: string, atom: string, phase: "execute" | "revert", ms: number): void {
    const labels = { flow: this.#bounded("flow", flow), atom: this.#bounded("atom", atom), phase };
    this.#atoms.observe(labels, seconds(ms));
  }

  atomRetried(times: number): void {
    this.#retried.inc(times);
  }

  claimAsked(won: boolean): void {
    this.#claims.inc({ result: won ? "won" : "lost" });
  }

  claimLost(): void {
    this.#claimsLost.inc();
  }

  capabilityAsked(name: string, result: "yes" | "no" | "unknown", ms: number): void {
    this.#evaluations.inc({ name, result });
    this.#capabilities.observe({ name }, seconds(ms));
  }

  boardActed(board: string, op: string, ms: number): void {
    this.#board.observe({ board, op }, seconds(ms));
    if (op === "renew") this.#renewals.observe(seconds(ms));
  }

  persistenceWrote(op: string, ms: number): void {
    this.#writes.observe({ op }, seconds(ms));
  }

  /** Read when somebody asks; values by the labels they stand for. What rejects is left out. */
  gauge(
    name: string,
    help: string,
    read: () => Gauged | Promise<Gauged>,
    labelNames: readonly string[] = [],
  ): void {
    const gauge: Gauge = new Gauge({
      ...{ name: `jobrunner_${name}`, help, labelNames: [...labelNames] },
      registers: [this.#registry],
      async collect() {
        gauge.reset();
        // An unknown value is none: the others are still worth something.
        const values = await Promise.resolve(read()).catch((): Gauged => []);
        for (const [labels, value] of values) gauge.set(labels, value);
      },
    });
  }

  /** Everything, in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter(name: string, help: string, labelNames: readonly string[] = []): Counter {
    return new Counter({
      ...{ name: `jobrunner_${name}`, help, labelNames: [...labelNames] },
      registers: [this.#registry],
    });
  }

  #histogram(
    [name, help]: readonly [string, string],
    buckets: readonly number[],
    labelNames: readonly string[] = [],
  ): Histogram {
    return new Histogram({
      ...{ name: `jobrunner_${name}`, help, labelNames: [...labelNames] },
      ...{ buckets: [...buckets], registers: [this.#registry] },
    });
  }

  #bounded(label: string, value: string): string {
    const seen = this.#seen.get(label) ?? new Set();
    this.#seen.set(label, seen);
    if (seen.has(value)) return value;
    if (seen.size >= VALUES_MAX) return OTHERS;
    seen.add(value);
    return value;
  }
}

/** Values of a gauge, each with its labels. */
export type Gauged = readonly (readonly [Readonly<Record<string, string>>, number])[];

function seconds(ms: number): number {
  return Math.max(0, ms) / 1_000;
}
