import { Worker } from "node:worker_threads";
import { Batch } from "./batch.js";
import { moduleBeside, workerArguments } from "./entry.js";
import { eachLine } from "../output/lines.js";
import type { FromRunner, ToRunner } from "../messages.js";
import type { OpenTransport, Transport } from "./transport.js";

/** Heap of a thread, MiB, when nothing else is said: a thread must not take the agent with it. */
const MEMORY_MB = 512;

/**
 * A runner as a thread of this process: half the memory of a process. Contains process.exit,
 * uncaught errors, endless loops and a full heap; not Buffers, native code or signals.
 */
export const openThread: OpenTransport = (events, options): Transport => {
  const [code, how] = workerArguments(moduleBeside(import.meta.url, "../host/main"));
  const worker = new Worker(code, {
    ...how,
    stdout: true,
    stderr: true,
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: options.memoryMb ?? MEMORY_MB },
  });
  let cause: string | undefined;
  worker.on("message", (messages: readonly FromRunner[]) => {
    for (const message of messages) events.message(message);
  });
  worker.on("error", (error) => {
    cause = error.message;
    events.output(error.stack ?? error.message);
  });
  worker.on("exit", (exitCode) => events.ended(cause ?? `exit code ${exitCode}`));
  eachLine(worker.stdout, events.output);
  eachLine(worker.stderr, events.output);
  const batch = new Batch<ToRunner>((messages) => worker.postMessage(messages));
  return {
    pid: process.pid,
    post: (message) => batch.add(message),
    kill() {
      void worker.terminate();
    },
  };
};
