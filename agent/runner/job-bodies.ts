import { JobrunnerError } from "../../common/error.js";
import type { Json } from "../../common/json.js";
import type { CallHooks, CallInfo, RetryInfo, RevertInfo, VoteInfo } from "../../engine/bodies.js";
import type { FlowSpec } from "../../engine/flow.js";
import type { Decision } from "../../engine/journal.js";
import type { Connection } from "./connection.js";
import { toJsonDeadline } from "./deadline.js";
import type { BodyCall } from "./messages.js";
import type { FlowMove, JobBodies, Opened, RunnerJob } from "./runner.js";
import { LIMIT_GRACE_MS, timedOut } from "./time-limit.js";

export interface RemoteOptions {
  readonly connection: Connection;
  readonly session: number;
  readonly job: RunnerJob;
  readonly opened: Opened;
  /** Called once, when the job is closed. */
  closed(): void;
}

/** A job's bodies, called in the runner that holds them. */
export class RemoteBodies implements JobBodies {
  readonly runner: string;
  readonly spec: FlowSpec;
  readonly move?: FlowMove;
  readonly #options: RemoteOptions;
  #open = true;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.runner = options.connection.name;
    this.spec = options.opened.spec;
    if (options.opened.move !== undefined) this.move = options.opened.move;
  }

  execute(call: CallInfo, hooks: CallHooks): Promise<Json> {
    return this.#call({ body: "execute", call }, hooks) as Promise<Json>;
  }

  revert(call: RevertInfo, hooks: CallHooks): Promise<Json> {
    return this.#call({ body: "revert", call }, hooks) as Promise<Json>;
  }

  retryExecute(call: RetryInfo, hooks: CallHooks): Promise<Json> {
    return this.#call({ body: "retryExecute", call }, hooks) as Promise<Json>;
  }

  retryRevert(call: RetryInfo & RevertInfo, hooks: CallHooks): Promise<Json> {
    return this.#call({ body: "retryRevert", call }, hooks) as Promise<Json>;
  }

  onFailure(call: RetryInfo, hooks: CallHooks): Promise<Decision> {
    return this.#call({ body: "onFailure", call }, hooks) as Promise<Decision>;
  }

  decide(vote: VoteInfo, hooks: CallHooks): Promise<boolean> {
    const { connection, session, job } = this.#options;
    const deadline = toJsonDeadline(job.deadline());
    const ask = { ask: "decide", session, deadline, vote } as const;
    return connection.ask<boolean>({ ask, session, hooks });
  }

  kill(atom: string): Promise<void> {
    const { connection, session } = this.#options;
    return connection.kill(session, atom);
  }

  async close(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    const gone = this.#options.connection.release(this.#options.session);
    this.#options.closed();
    await gone;
  }

  #call(body: BodyCall, hooks: CallHooks): Promise<unknown> {
    const { connection, session, job } = this.#options;
    if (!this.#open) {
      const message = `The job ${job.job} is closed in this runner.`;
      return Promise.reject(new JobrunnerError("OWNERSHIP_LOST", message));
    }
    const { atom, timeoutMs } = body.call;
    return connection.ask({
      ask: { ask: "call", session, deadline: toJsonDeadline(job.deadline()), ...body },
      session,
      hooks,
      ...(timeoutMs !== undefined && {
        limitMs: timeoutMs + LIMIT_GRACE_MS,
        onLimit: () => timedOut(atom, timeoutMs),
      }),
    });
  }
}
