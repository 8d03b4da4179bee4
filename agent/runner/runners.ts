import { JobrunnerError } from "../../common/error.js";
import type { Verdict } from "../../capabilities/capability.js";
import type { Json } from "../../common/json.js";
import type { Connection } from "./connection.js";
import { RemoteBodies } from "./job-bodies.js";
import type { Ask } from "./messages.js";
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
    this.#pool = new RunnerPool(options, (session, atom, line) => {
      this.#jobs.get(session)?.log(atom, line);
    });
  }

  get trouble(): string | undefined {
    return this.#pool.trouble;
  }

  async manifest(): Promise<Manifest> {
    if (this.#manifest === undefined) this.#pool.settle(await this.#get(false));
    return this.#manifest ?? { flows: [], capabilities: [], problems: [] };
  }

  async prepare(flow: string, params: Json): Promise<Prepared> {
    const connection = await this.#get(false);
    try {
      return (await this.#build(connection, flow, { ask: "prepare", flow, params })) as Prepared;
    } finally {
      this.#pool.settle(connection);
    }
  }

  async open(job: RunnerJob, alone: boolean): Promise<JobBodies> {
    const connection = await this.#get(alone);
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
      const opened = (await this.#build(connection, flow, { ask: "open", head })) as Opened;
      return new RemoteBodies({ connection, session, job, opened, closed });
    } catch (error) {
      await connection.release(session);
      closed();
      throw error;
    }
  }

  async able(question: AbleQuestion): Promise<Verdict> {
    return (await this.#consult({ ask: "able", question })) as Verdict;
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

  async #consult(ask: Ask): Promise<unknown> {
    const connection = await this.#get(false);
    try {
      // The runner keeps the question's own limit, as long as its event loop turns.
      return await connection.ask({ ask, limitMs: BLOCKED_LIMIT_MS });
    } finally {
      this.#pool.settle(connection);
    }
  }

  #build(connection: Connection, flow: string, ask: Ask): Promise<unknown> {
    const onLimit = (): Error => {
      const message = `Building the flow "${flow}" took longer than ${BUILD_LIMIT_MS} ms.`;
      return new JobrunnerError("BAD_FLOW", message);
    };
    return connection.ask({ ask, limitMs: BUILD_LIMIT_MS, onLimit });
  }
}
