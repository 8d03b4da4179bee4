import { JobrunnerError } from "../../common/error.js";
import type { Verdict } from "../../capabilities/capability.js";
import type { Json } from "../../common/json.js";
import type { Connection } from "./connection.js";
import { RemoteBodies } from "./job-bodies.js";
import type { Ask } from "./messages.js";
import { NotBegun } from "./open-calls.js";
import { type PoolOptions, RunnerPool } from "./pool.js";
import type {
  AbleQuestion,
  Deadline,
  JobBodies,
  Manifest,
  Opened,
  Prepared,
  RunnerJob,
  Runners,
} from "./runner.js";

export type { RunnerEvent } from "./pool.js";
export type RunnersOptions = PoolOptions;

/** For validating and building a flow, ms: user code that never comes back. */
const BUILD_LIMIT_MS = 10_000;

/** For a question to come to its turn in a runner whose event loop turned just before, ms. */
const BEGIN_LIMIT_MS = 1_000;
/** Runners that a question is asked in, at most, besides the first. */
const TRIES = 5;

/** For an author's capability that computes without a pause, ms; then its runner is ended. */
const BLOCKED_LIMIT_MS = 5_000;

/** Runners of authors' code, started when they are needed and stopped when they are not. */
export function createRunners(options: RunnersOptions): Runners {
  return new PooledRunners(options);
}

class PooledRunners implements Runners {
  readonly #pool: RunnerPool;
  readonly #jobs = new Map<number, RunnerJob>();
  #manifest: Manifest | undefined;
  #sessions = 0;

  constructor(options: RunnersOptions) {
    this.#pool = new RunnerPool(options, (session, said) => {
      this.#jobs.get(session)?.log(said);
    });
  }

  get trouble(): string | undefined {
    return this.#pool.trouble;
  }

  async manifest(): Promise<Manifest> {
    if (this.#manifest === undefined) this.#pool.settle(await this.#get(false));
    return this.#manifest ?? { flows: [], capabilities: [], problems: [] };
  }

  prepare(flow: string, params: Json): Promise<Prepared> {
    const ask = { ask: "prepare", flow, params } as const;
    return this.#somewhere(false, (connection) => this.#build(connection, flow, ask));
  }

  open(job: RunnerJob, alone: boolean): Promise<JobBodies> {
    return this.#somewhere(alone, (connection) => this.#open(connection, job));
  }

  async #open(connection: Connection, job: RunnerJob): Promise<JobBodies> {
    const session = ++this.#sessions;
    const { job: id, flow, version, params } = job;
    const head = { session, job: id, flow, version, params };
    connection.hold(session);
    this.#jobs.set(session, job);
    const closed = (): void => {
      this.#jobs.delete(session);
      this.#pool.settle(connection);
    };
    try {
      const opened = await this.#build<Opened>(connection, flow, { ask: "open", head });
      return new RemoteBodies({ connection, session, job, opened, closed });
    } catch (error) {
      await connection.release(session);
      closed();
      throw error;
    }
  }

  able(question: AbleQuestion): Promise<Verdict> {
    return this.#consult({ ask: "able", question });
  }

  async mistake(capability: string, args: readonly Json[]): Promise<string | undefined> {
    const told = await this.#consult({ ask: "mistake", capability, args });
    return typeof told === "string" ? told : undefined;
  }

  beat(deadline: Deadline): void {
    this.#pool.beat(deadline);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.dispose();
  }

  async #get(alone: boolean): Promise<Connection> {
    const { connection, manifest } = await this.#pool.get(alone);
    this.#manifest = manifest;
    return connection;
  }

  /**
   * Asks a runner; another one when the first is kept by other code before the question comes to
   * its turn. Only for questions that may be asked twice.
   */
  async #somewhere<T>(alone: boolean, ask: (connection: Connection) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries += 1) {
      const connection = await this.#get(alone);
      try {
        return await ask(connection);
      } catch (error) {
        if (!(error instanceof NotBegun)) throw error;
        if (tries === TRIES) throw allKept();
      } finally {
        this.#pool.settle(connection);
      }
    }
  }

  #consult<T>(ask: Ask): Promise<T> {
    // The runner keeps the question's own limit, as long as its event loop turns.
    const limits = { limitMs: BLOCKED_LIMIT_MS, beginMs: BEGIN_LIMIT_MS };
    return this.#somewhere(false, (connection) => connection.ask<T>({ ask, ...limits }));
  }

  #build<T>(connection: Connection, flow: string, ask: Ask): Promise<T> {
    const onLimit = (): Error => {
      const message = `Building the flow "${flow}" took longer than ${BUILD_LIMIT_MS} ms.`;
      return new JobrunnerError("BAD_FLOW", message);
    };
    const limits = { limitMs: BUILD_LIMIT_MS, beginMs: BEGIN_LIMIT_MS };
    return connection.ask<T>({ ask, ...limits, onLimit });
  }
}

function allKept(): JobrunnerError {
  return new JobrunnerError("NO_RUNNER", "Every runner is kept by code that does not pause.", {
    hint: "Try again later; tasks that compute for long belong in a command of their own.",
    retryable: true,
  });
}
