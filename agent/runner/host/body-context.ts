import type { Json } from "../../../common/json.js";
import type { CallInfo } from "../../../engine/bodies.js";
import type { Context, RunOptions } from "../../../sdk/context.js";
import { existingModule, nodeArguments } from "../transport/entry.js";
import type { CommandLine } from "../guard/guard-messages.js";
import { storable } from "../storable.js";
import { startTimer } from "../time-limit.js";

/** What connects a body's context to its agent. */
export interface ContextLinks {
  readonly job: string;
  readonly agent: string;
  readonly traceparent?: string | undefined;
  readonly signal: AbortSignal;
  log(line: string): void;
  progress(fraction: number, note: string | undefined): void;
  save(value: Json): Promise<void>;
  /** Resolves after `ms`, rejects when the signal aborts; default with the machine's timers. */
  sleep?(ms: number): Promise<void>;
  /** Ends the commands of this body. */
  stop(): void;
  /** Rejects unless the command exits with 0. */
  run(line: CommandLine, onLine: ((line: string) => void) | undefined): Promise<void>;
}

/** The context of one call of a body. */
export function createContext(call: CallInfo, links: ContextLinks): Context {
  let lastSaved = call.saved;
  const { signal } = links;
  return {
    job: links.job,
    agent: links.agent,
    traceparent: links.traceparent,
    atom: call.atom,
    attempt: call.attempt,
    again: call.again,
    idempotencyKey: call.idempotencyKey,
    signal,
    get lastSaved() {
      return lastSaved;
    },
    log: (line) => {
      for (const each of String(line).split("\n")) links.log(each);
    },
    progress: (fraction, note) => {
      const known = Number.isFinite(fraction) ? Math.min(1, Math.max(0, fraction)) : 0;
      links.progress(known, note);
    },
    async saved(value) {
      const checked = storable("The value given to ctx.saved", value);
      await links.save(checked);
      lastSaved = checked;
    },
    sleep: (ms) => (links.sleep === undefined ? sleep(ms, signal) : links.sleep(ms)),
    run: (command, args = [], options = {}) => run({ command, args, options }, links),
    runModule: (module, args = [], options = {}) => {
      const words = nodeArguments(existingModule(module), args);
      return run({ command: process.execPath, args: words, options }, links);
    },
  };
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const abort = (): void => {
      stop();
      reject(signal.reason);
    };
    const stop = startTimer(ms, () => {
      signal.removeEventListener("abort", abort);
      resolve();
    });
    signal.addEventListener("abort", abort, { once: true });
  });
}

interface Command {
  readonly command: string;
  readonly args: readonly string[];
  readonly options: RunOptions;
}

/** Between SIGTERM and SIGKILL when nothing else is said, ms. */
const GRACE_MS = 2_000;

async function run({ command, args, options }: Command, links: ContextLinks): Promise<void> {
  const { cwd, env, graceMs = GRACE_MS, onLine } = options;
  const { signal } = links;
  signal.throwIfAborted();
  const line = {
    command: String(command),
    args: args.map(String),
    graceMs,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env: Object.fromEntries(Object.entries(env).map(toVariable)) }),
  };
  const stop = (): void => links.stop();
  signal.addEventListener("abort", stop);
  try {
    await links.run(line, onLine);
  } catch (error) {
    // A command that was ended because the body must stop says less than why it must.
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
  signal.throwIfAborted();
}

/** JSON has no undefined: null is what removes a variable on the way. */
function toVariable([name, value]: [string, string | undefined]): [string, string | null] {
  return [name, value ?? null];
}
