import { flowHash } from "../../../agent/flow-hash.js";
import { JobControl } from "../../../agent/owner/job-control.js";
import { beginOwnership, type JobOwnership } from "../../../agent/owner/ownership.js";
import { JobrunnerError } from "../../../common/error.js";
import { isEnded } from "../../../common/job.js";
import { createEngine, type Engine, type EngineEnd } from "../../../engine/engine.js";
import type { Change } from "../../../engine/journal.js";
import { type Committer, createCommitter } from "../../../persistence/committer.js";
import type { JobRow } from "../../../persistence/persistence.js";
import type { Assembled } from "../../node.js";
import { toBodies } from "./bodies.js";
import { BOARD_ID } from "./database.js";
import { describeKill } from "./describe.js";
import { passTime } from "../time/passing-time.js";
import type { TestJob } from "./test-job.js";

/** Turns of the event loop that the bodies of a dead owner get to hear of it. */
const LAST_TURNS = 20;
const QUIET_MS = 100;
const LIMIT_MS = 4_000;

/** The `count`th owner of a job, as an agent owns one (P-5 to P-12): until the end or its death. */
export async function own(job: TestJob, count: number): Promise<EngineEnd | "died"> {
  const { persistence, clock } = job.database;
  const row = await persistence.job(job.id);
  if (row === undefined) throw new JobrunnerError("INTERNAL", "the job under test is gone");
  if (isEnded(row.state)) return { ended: row.state };
  if (row.runAt !== undefined) clock.moveTo(row.runAt);
  const committer = createCommitter(persistence);
  try {
    return await new Owner(job, `agent-${count}`, row).live(committer);
  } finally {
    await committer[Symbol.asyncDispose]();
  }
}

class Owner {
  readonly #job: TestJob;
  readonly #agent: string;
  readonly #row: JobRow;
  readonly #control = new JobControl();
  #engine: Engine | undefined;
  #death: Error | undefined;

  constructor(job: TestJob, agent: string, row: JobRow) {
    this.#job = job;
    this.#agent = agent;
    this.#row = row;
  }

  async live(committer: Committer): Promise<EngineEnd | "died"> {
    const { activity, database, options } = this.#job;
    const { quietMs = QUIET_MS, limitMs = LIMIT_MS } = options;
    const engine = await this.#begin(committer);
    const passing = { clock: database.clock, activity, quietMs, limitMs };
    try {
      return await passTime(engine.run(), passing);
    } catch (error) {
      if (error === this.#death) return "died";
      throw error;
    } finally {
      engine.abort(this.#death ?? new Error("the test is over"));
      for (let turn = 0; turn < LAST_TURNS && activity.awake.length > 0; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  async #begin(committer: Committer): Promise<Engine> {
    const { persistence, clock } = this.#job.database;
    const row = this.#row;
    const ownership = await beginOwnership({
      ...{ persistence, committer, row, boardId: BOARD_ID },
      identity: { agent: this.#agent, machine: this.#agent, incarnation: this.#agent },
      lazy: row.token === 0,
      signal: new AbortController().signal,
      requested: (request) => this.#control.request(request),
    });
    if ("raised" in ownership) throw new JobrunnerError("INTERNAL", "nobody else owns the job");
    this.#job.entries = ownership.entries.at(-1)?.seq ?? 0;
    const engine = createEngine({
      plan: this.#job.plan,
      store: row.params,
      entries: ownership.entries,
      bodies: toBodies(this.#toBodyOwner(this.#assemble())),
      append: (changes) => this.#append(ownership, changes),
      now: () => clock.now(),
      random: this.#job.options.random ?? (() => 0),
      sleep: (ms, signal) => clock.sleep(ms, signal),
      progress: (atom, fraction, note) => this.#job.record.noteProgress(atom, fraction, note),
      job: row.id,
    });
    this.#engine = engine;
    this.#control.attach(engine);
    if (row.request !== undefined) this.#control.request(row.request);
    return engine;
  }

  /** Each owner builds the flow anew, as each agent does. */
  #assemble(): Assembled {
    const assembled = this.#job.flow.assemble(this.#row.params);
    if (flowHash(assembled.spec) === this.#row.flowHash) return assembled;
    const message = `flow "${assembled.spec.name}" is not built twice in the same way`;
    throw new JobrunnerError("FLOW_CHANGED", message, {
      hint: "build must depend on nothing but its arguments.",
    });
  }

  async #append(ownership: JobOwnership, changes: readonly Change[]): Promise<void> {
    const { script, record, activity } = this.#job;
    const entry = this.#job.entries + 1;
    if (script.killsAt(entry, "before", changes)) {
      throw this.#die(describeKill({ entry, when: "before" }, changes));
    }
    await activity.storing(() => ownership.append(changes));
    this.#job.entries = entry;
    record.stored(changes);
    if (script.killsAt(entry, "after", changes)) {
      throw this.#die(describeKill({ entry, when: "after" }, changes));
    }
  }

  #die(why: string): Error {
    this.#job.record.kills.push(why);
    this.#death ??= new JobrunnerError("OWNERSHIP_LOST", `the owner was killed ${why}`);
    return this.#death;
  }

  /** Unlike in an append, which the engine hears of by itself. */
  #dieInBody(why: string): Error {
    const death = this.#die(why);
    this.#engine?.abort(death);
    return death;
  }

  #toBodyOwner({ bodies: table }: Assembled) {
    const { id, options, script, record, activity, database } = this.#job;
    return {
      ...{ job: id, agent: this.#agent, table, options, script, record, activity },
      clock: database.clock,
      dead: () => this.#death !== undefined,
      die: (why: string) => this.#dieInBody(why),
      cancel: (revert: boolean) => this.#cancel(revert),
    };
  }

  /** P-24: persistence first; the owner hears of it at once, as by an agent's hint. */
  async #cancel(revert: boolean): Promise<void> {
    const { activity, database, id } = this.#job;
    const by = { owner: `${this.#agent}.cancel`, agent: this.#agent, machine: this.#agent };
    await activity.storing(() => database.persistence.cancel(id, by, revert));
    this.#control.request(revert ? "cancel" : "cancel-no-revert");
  }
}
