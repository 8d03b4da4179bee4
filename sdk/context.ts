import type { Failure } from "../common/failure.js";
import type { Json } from "../common/json.js";

/** How a command that `ctx.run` starts may be shaped. */
export interface RunOptions {
  /** Working directory; default that of the agent. */
  readonly cwd?: string;
  /** Added to the agent's environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Called with each line of output, besides `ctx.log`. */
  readonly onLine?: (line: string) => void;
  /** Between SIGTERM and SIGKILL when it must stop, milliseconds; default 2000. */
  readonly graceMs?: number;
}

/** What a body knows of its run, and what it can do besides returning. */
export interface Context {
  /** Id of the job. */
  readonly job: string;
  readonly atom: string;
  /** Name of the agent that runs it now. */
  readonly agent: string;
  /** W3C trace context the job was posted with, to be sent along with what the body asks of others. */
  readonly traceparent: string | undefined;
  /** How often this body was started in this attempt of its retry, from 1. */
  readonly attempt: number;
  /**
   * True when an earlier owner started this body and was gone before its end was recorded: it may
   * have happened, wholly or in part.
   */
  readonly again: boolean;
  /** Aborts when the body must stop: ownership lost, time limit, cancel, hand-over. */
  readonly signal: AbortSignal;
  /** The same for every start of the same piece of work, on whichever machine. */
  readonly idempotencyKey: string;
  /** What the last `saved` of this body stored, over restarts and machines. */
  readonly lastSaved: Json | undefined;
  /** A line for people, shown with the job. */
  log(line: string): void;
  /** 0..1 and a note; the last one is shown by the agent that runs the body, and not stored. */
  progress(fraction: number, note?: string): void;
  /** Stores a point to go on from (`lastSaved` of the next start); resolves when durable. */
  saved(value: Json): Promise<void>;
  /** Resolves after `ms`; rejects when the signal aborts. */
  sleep(ms: number): Promise<void>;
  /**
   * Runs a command until it exits. Its lines go to `log`. Rejects when it exits with anything but
   * 0, cannot be started, or was stopped because the signal aborted. It runs under a guard: it
   * never outlives the owner of the job, not even one that was killed or frozen.
   */
  run(command: string, args?: readonly string[], options?: RunOptions): Promise<void>;
  /**
   * `run` for a JavaScript or TypeScript module in a Node process of its own, such as
   * `new URL("./server.js", import.meta.url)`; for `.js` that is not there `.ts` is taken.
   */
  runModule(module: URL, args?: readonly string[], options?: RunOptions): Promise<void>;
}

/** What `revert` gets to know of the body that it undoes. */
export interface Undo<Result> {
  /** What execute returned; undefined when it failed or nobody knows how it ended. */
  readonly result: Result | undefined;
  /** Why execute failed; undefined when it did not or nobody knows. */
  readonly failure: Failure | undefined;
  /** Failures of this attempt by atom. */
  readonly flowFailures: Readonly<Record<string, Failure>>;
}
