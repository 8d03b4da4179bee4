import { JobrunnerError } from "../../common/error.js";
import type { Json } from "../../common/json.js";
import { apply, fold } from "../../engine/apply.js";
import { lookUp } from "../../engine/args.js";
import { halts } from "../../engine/decide.js";
import { createEngine, type Engine, type EngineOptions } from "../../engine/engine.js";
import type { AtomState, Change } from "../../engine/journal.js";
import { compile, FlowError, type Plan, validate } from "../../engine/plan.js";
import { type AtomRecord, recordOf, type State } from "../../engine/state.js";
import type { Persistence } from "../../persistence/persistence.js";
import { newJob } from "../contracts/samples.js";
import { atomsOf, historyOf, raisedBy, recordsOf, retriesOf, storageOf } from "./results.js";
import { type Phase, type Translated, translate, type Vector } from "./vector.js";
import { type Counters, type Note, PhaseWorld, toPlain } from "./world.js";

export interface PhaseResult {
  readonly outcome: "returned" | "raised" | "crashed" | "rejected";
  readonly error?: unknown;
  readonly raised?: readonly Json[];
  readonly flowState?: string;
  readonly atoms?: Readonly<Record<string, unknown>>;
  readonly retries?: Readonly<Record<string, unknown>>;
  readonly notes: readonly Note[];
}

export interface Replay {
  readonly phases: readonly PhaseResult[];
  readonly storage?: Readonly<Record<string, unknown>>;
}

const BOARD = "conformance";

type PlainOptions = NonNullable<EngineOptions["plain"]>;

/** What TaskFlow does from one run to the next, and between two steps; agents do not. */
const AS_TASKFLOW: PlainOptions = { rerun: true, askAgain: true, stepwise: true };

/** Runs a vector's phases on the real engine and a real journal. */
export async function replay(
  vector: Vector,
  persistence: Persistence,
  plain = AS_TASKFLOW,
): Promise<Replay> {
  const { flow, store, options, phases = [{}] } = vector.spec;
  const counters: Counters = new Map();
  const results: PhaseResult[] = [];
  let job: string | undefined;
  let translated = translate(flow, options);
  let storage: Readonly<Record<string, unknown>> | undefined;
  for (const phase of phases) {
    if (phase.flow !== undefined) translated = translate(phase.flow, options);
    let plan: Plan;
    try {
      plan = compile(translated.spec);
      validate(plan, Object.keys(store));
    } catch (error) {
      if (!(error instanceof FlowError)) throw error;
      results.push({ outcome: "rejected", error: toRejection(error), notes: [] });
      break;
    }
    job ??= await post(persistence, translated, store);
    const run: Run = { vector, persistence, job, plan, translated, counters, plain };
    results.push(await runPhase(run, phase));
    const state = fold(plan, await persistence.load(job));
    storage = results.at(-1)?.outcome === "crashed" ? undefined : storageOf(plan, state, store);
  }
  if (results.at(-1)?.outcome === "rejected") storage = undefined;
  return { phases: results, ...(storage !== undefined && { storage }) };
}

interface Run {
  readonly vector: Vector;
  readonly persistence: Persistence;
  readonly job: string;
  readonly plan: Plan;
  readonly translated: Translated;
  readonly counters: Counters;
  readonly plain: PlainOptions;
}

async function post(
  persistence: Persistence,
  { spec }: Translated,
  store: Vector["spec"]["store"],
): Promise<string> {
  await persistence.setBoardId(undefined, BOARD);
  const job = newJob({ spec, params: store });
  await persistence.post(job);
  return job.id;
}

async function runPhase(run: Run, phase: Phase): Promise<PhaseResult> {
  const { persistence, job, plan, vector, translated, counters } = run;
  const { store } = vector.spec;
  const entries = await persistence.load(job);
  const world = new PhaseWorld(counters);
  const owner = await takeOver(run);
  const mirror = fold(plan, entries);
  let halted = false;
  let revertFailed = false;
  let writing: Promise<void> = Promise.resolve();
  const die = (): void => engine.abort(CRASH);
  const engine = createEngine({
    ...{ plan, store, entries, job },
    bodies: world.bodies(translated, die),
    append: async (changes) => {
      const stored: Change[] = [];
      for (const decided of changes) {
        const change = asTaskFlow(decided, mirror, halted);
        noteRetryCall(world, { plan, state: mirror, store }, change);
        if (world.dead) break; // Inside the body of a retry.
        stored.push(change);
        halted ||= change.change === "atom" && halts(plan, change.to);
        revertFailed ||= change.change === "atom" && change.to === "REVERT_FAILURE";
        note(world, { plan, state: mirror, store }, change);
        if (world.dead) break;
      }
      writing = owner(stored);
      await writing;
      if (world.dead) throw CRASH;
    },
    now: () => 0,
    random: () => 0,
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
    plain: run.plain,
  });
  aim(world, phase, engine);
  let crashed = false;
  try {
    await engine.run();
  } catch (error) {
    if (error !== CRASH) throw error;
    crashed = true;
    await writing; // What was on its way when the owner died arrives all the same.
  }
  const state = fold(plan, await persistence.load(job));
  const raised = crashed ? [] : raisedBy(state, revertFailed);
  const suspended = state.flow === "SUSPENDED";
  const bad = raised.length > 0 && !suspended && state.flow !== "SUCCESS";
  return {
    outcome: crashed ? "crashed" : bad ? "raised" : "returned",
    ...(bad && { raised }),
    flowState: state.flow === "REVERTING" ? "RUNNING" : state.flow,
    atoms: atomsOf(plan, state),
    retries: retriesOf(plan, state),
    notes: world.notes,
  };
}

/** Sets the point at which the owner dies, or is asked to suspend. */
function aim(world: PhaseWorld, { crashAt, suspendAt }: Phase, engine: Engine): void {
  if (crashAt !== undefined) {
    const pull = (): void => {
      world.dead = true;
    };
    world.triggers.push({ point: crashAt, pull });
  }
  if (suspendAt !== undefined) {
    const pull = (): void => engine.leave("suspended", new AbortController().signal);
    world.triggers.push({ point: suspendAt, pull });
  }
}

/** What was done, or was begun, and is not undone: why our end is FAILURE, and TaskFlow's not (S-27). */
const LEFT: readonly AtomState[] = [
  ...(["SUCCESS", "RUNNING", "FAILURE"] as const),
  ...(["REVERTING", "REVERT_FAILURE", "RETRYING"] as const),
];

/** TaskFlow says FAILURE of what failed in this very run; what is left done besides is REVERTED. */
function asTaskFlow(change: Change, { counts }: State, halted: boolean): Change {
  const honest = change.change === "flow" && change.to === "FAILURE" && !halted;
  const left = LEFT.some((state) => counts[state] > 0);
  return honest && left ? { change: "flow", to: "REVERTED" } : change;
}

const CRASH = new JobrunnerError("OWNERSHIP_LOST", "the owner dies here");

/** A new ownership; the answer appends to the journal under its token. */
async function takeOver({ persistence, job }: Run) {
  const row = await persistence.job(job);
  const seen = row?.token ?? 0;
  const owner = `conformance.${seen}`;
  const who = { owner, agent: "conformance", machine: "m" };
  const token = await persistence.raise({ job, seen, boardId: BOARD, ...who });
  if (token === undefined) throw new Error("the job could not be raised");
  return async (changes: readonly Change[]): Promise<void> => {
    const seq = ((await persistence.load(job)).at(-1)?.seq ?? 0) + 1;
    const append = { job, seq, token, owner, changes, repeated: false };
    const [verdict] = await persistence.append([append]);
    if (verdict?.accepted !== true) throw new Error("an entry was refused");
  };
}

type Sources = Parameters<typeof lookUp>[0];

/** Folds a change into the mirror and notes what TaskFlow would have notified. */
function note(world: PhaseWorld, sources: Sources, change: Change): void {
  const { plan, state } = sources;
  const again = change.change === "flow" && change.to === "PENDING" ? notPending(state) : [];
  apply(plan, state, [change]);
  switch (change.change) {
    case "atom":
      return world.note(["ev", change.atom, change.to]);
    case "ignore":
      for (const atom of change.atoms) world.note(["ev", atom, "IGNORE"]);
      return;
    case "reset":
      for (const atom of change.atoms) world.note(["ev", atom, "PENDING"]);
      return;
    case "decision": {
      const { decision } = change;
      const record = recordNamed(sources, change.retry);
      const history = historyOf(record);
      const args = argsOf(sources, record);
      return world.note(["call", change.retry, { m: "onFailure", args, history, decision }]);
    }
    case "flow":
      for (const atom of again) world.note(["ev", atom, "PENDING"]);
      if (change.to !== "REVERTING") world.note(["flow", change.to]);
      return;
    case "again":
    case "wait":
    case "saved":
    case "cancel":
    case "handover":
    case "migrated":
      return;
  }
}

function notPending(state: State): readonly string[] {
  return recordsOf(state).flatMap(({ atom, state: now }) => (now === "PENDING" ? [] : [atom.name]));
}

/** Built-in retries have no bodies; what they were asked is read off their outcome. */
function noteRetryCall(world: PhaseWorld, sources: Sources, change: Change): void {
  if (change.change !== "atom") return;
  const record = recordNamed(sources, change.atom);
  if (record.atom.kind !== "retry") return;
  const history = historyOf(record);
  if (change.to === "SUCCESS" || change.to === "FAILURE") {
    world.note(["call", change.atom, { m: "execute", args: argsOf(sources, record), history }]);
    world.enter(change.atom, "execute");
  }
  if (change.to === "REVERTED") {
    // TaskFlow's own retries take no arguments there but those that were rebound.
    const args = record.atom.spec.rebind === undefined ? {} : argsOf(sources, record);
    const flowFailures = toPlain(sources.state.failures.all);
    world.note(["call", change.atom, { m: "revert", args, history, flowFailures }]);
    world.enter(change.atom, "revert");
  }
}

function recordNamed({ plan, state }: Sources, name: string): AtomRecord {
  const atom = plan.atoms.get(name);
  if (atom === undefined) throw new Error(`no atom ${name}`);
  return recordOf(state, atom);
}

function argsOf(sources: Sources, { atom }: AtomRecord): Json {
  const found = lookUp(sources, atom);
  return found.found ? found.args : {};
}

const REJECTIONS = {
  Duplicate: "Duplicate",
  AmbiguousDependency: "AmbiguousDependency",
  Cycle: "DependencyFailure",
  UnknownChild: "ValueError",
  BadValue: "ValueError",
  MissingDependencies: "MissingDependencies",
} as const;

function toRejection(error: FlowError): unknown {
  const type = REJECTIONS[error.problem];
  return type === "MissingDependencies" ? { type, missing: [...error.names].sort() } : { type };
}
