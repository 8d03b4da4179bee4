import { spawn } from "node:child_process";
import { Batch } from "./batch.js";
import { moduleBeside, nodeArguments } from "./entry.js";
import { eachLine } from "./lines.js";
import type { FromRunner, ToRunner } from "../messages.js";
import type { OpenTransport, Transport } from "./transport.js";

/**
 * A runner as a process of its own: contains whatever user code does, native code and signals
 * included.
 */
export const openProcess: OpenTransport = (events, options): Transport => {
  const entry = moduleBeside(import.meta.url, "../host/main");
  const limits = options.memoryMb === undefined ? [] : [`--max-old-space-size=${options.memoryMb}`];
  const child = spawn(process.execPath, [...limits, ...nodeArguments(entry)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // Everything said here is JSON; measured, this takes half the time of "advanced".
    serialization: "json",
  });
  let how: string | undefined;
  let ended = false;
  // Not before the channel is closed: messages that were on their way are delivered first. Not
  // "close": a process that user code started may hold the output open for ever.
  const end = (): void => {
    if (ended || how === undefined || child.connected) return;
    ended = true;
    events.ended(how);
  };
  child.on("message", (messages) => {
    for (const message of messages as readonly FromRunner[]) events.message(message);
  });
  child.on("error", (error) => {
    if (child.pid !== undefined) return; // A failed send or kill; "exit" will tell.
    how = `it could not be started: ${error.message}`;
    end();
  });
  child.on("exit", (code, signal) => {
    how = signal ?? `exit code ${code}`;
    end();
  });
  child.on("disconnect", end);
  if (child.stdout !== null) eachLine(child.stdout, events.output);
  if (child.stderr !== null) eachLine(child.stderr, events.output);
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
};
