import { isMainThread, parentPort } from "node:worker_threads";
import { Batch } from "../transport/batch.js";
import type { FromRunner, ToRunner } from "../messages.js";

/** The runner's side of its transport. */
export interface Port {
  post(message: FromRunner): void;
  /** Sends what was posted at once. */
  flush(): void;
  listen(take: (message: ToRunner) => void): void;
}

/** The way to the agent: the process channel, or the port of a thread. */
export function openPort(): Port {
  return !isMainThread && parentPort !== null ? threadPort(parentPort) : processPort();
}

function threadPort(port: NonNullable<typeof parentPort>): Port {
  return toPort(
    (messages) => port.postMessage(messages),
    (take) => void port.on("message", take),
  );
}

function processPort(): Port {
  // Without its agent nobody could record what is done here; its commands end with this process.
  process.on("disconnect", () => process.exit(0));
  // Ctrl-C and systemd signal whole groups: the agent alone decides when its runners stop.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => undefined);
  }
  return toPort(
    (messages) => void process.send?.(messages, undefined, undefined, () => undefined),
    (take) => void process.on("message", (messages) => take(messages as readonly ToRunner[])),
  );
}

function toPort(
  send: (messages: readonly FromRunner[]) => void,
  receive: (take: (messages: readonly ToRunner[]) => void) => void,
): Port {
  const batch = new Batch<FromRunner>(send);
  return {
    post: (message) => batch.add(message),
    flush: () => batch.flush(),
    listen: (take) => {
      receive((messages) => {
        for (const message of messages) take(message);
      });
    },
  };
}
