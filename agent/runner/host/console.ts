import { AsyncLocalStorage } from "node:async_hooks";
import { format } from "node:util";

const METHODS = ["log", "info", "warn", "error", "debug"] as const;

const lines = new AsyncLocalStorage<(line: string) => void>();

/** Runs a body so that what it says with `console` is logged with its atom. */
export function attribute<T>(log: (line: string) => void, body: () => T): T {
  return lines.run(log, body);
}

/** Leads `console` of this process to the body that speaks; other code speaks as before. */
export function captureConsole(): void {
  for (const method of METHODS) {
    const original = globalThis.console[method].bind(console);
    globalThis.console[method] = (...words: unknown[]) => {
      const log = lines.getStore();
      if (log === undefined) return original(...words);
      for (const line of format(...words).split("\n")) log(line);
    };
  }
}
