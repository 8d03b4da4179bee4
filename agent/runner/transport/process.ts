import { type ChildProcess, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { Batch } from "./batch.js";
import { moduleBeside, nodeArguments } from "./entry.js";
import { eachLine } from "../output/lines.js";
import type { FromRunner, ToRunner } from "../messages.js";
import type { OpenTransport, Transport, TransportEvents, TransportOptions } from "./transport.js";

/**
 * A runner as a process of its own: contains whatever user code does, native code and signals
 * included.
 */
export const openProcess: OpenTransport = (events, options): Transport => {
  try {
    return connect(start(options), events);
  } catch (error) {
    // Such as no memory left, which `spawn` does not report by an event.
    const how = error instanceof Error ? error.message : String(error);
    queueMicrotask(() => events.ended(how));
    return { pid: undefined, post: () => undefined, kill: () => undefined };
  }
};

/** For the rest of the output after the end, ms. */
const DRAIN_MS = 100;

function start(options: TransportOptions): ChildProcess {
  const entry = moduleBeside(import.meta.url, "../host/main");
  const limits = options.memoryMb === undefined ? [] : [`--max-old-space-size=${options.memoryMb}`];
  return spawn(process.execPath, [...limits, ...nodeArguments(entry)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // Everything said here is JSON; measured, this takes half the time of "advanced".
    serialization: "json",
  });
}

function connect(child: ChildProcess, events: TransportEvents): Transport {
  onEnd(child, (how) => events.ended(how));
  child.on("message", (messages) => {
    for (const message of messages as readonly FromRunner[]) events.message(message);
  });
  // Without file descriptors left there are no streams, whatever the types say.
  for (const stream of [child.stdout, child.stderr] as readonly (Readable | null | undefined)[]) {
    if (stream) eachLine(stream, events.output);
  }
  const batch = new Batch<ToRunner>((messages) => {
    if (child.connected) child.send(messages, () => undefined); // Its end is told otherwise.
  });
  return {
    pid: child.pid,
    post: (message) => batch.add(message),
    kill() {
      child.kill("SIGKILL");
    },
  };
}

/**
 * Not before the channel is closed: messages that were on their way are delivered first. The
 * output is waited for a moment only: a process that user code started may hold it open for ever.
 */
function onEnd(child: ChildProcess, ended: (how: string) => void): void {
  let how: string | undefined;
  let told = false;
  const tell = (): void => {
    if (told || how === undefined || child.connected) return;
    told = true;
    ended(how);
  };
  child.on("error", (error) => {
    if (child.pid !== undefined) return; // A failed send or kill; "exit" will tell.
    how = error.message;
    tell();
  });
  const drain = (): void => {
    if (how === undefined || child.connected) return;
    const timer = setTimeout(tell, DRAIN_MS);
    child.once("close", () => clearTimeout(timer));
  };
  child.on("exit", (code, signal) => {
    how = signal ?? `exit code ${code}`;
    drain();
  });
  child.on("disconnect", drain);
  child.on("close", tell);
}
