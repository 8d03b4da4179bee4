import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import { TestRunner, onTestFinished } from "vitest";
import { until } from "../../scripts/lab/until.js";

/** A terminal with a program in it, and somebody who types. */
export interface Pty {
  type(keys: string): void;
  /** All that was shown, without colours and movements of the cursor. */
  shown(): string;
  /** Until it shows this behind what was there when it was last waited for. */
  shows(what: RegExp): Promise<void>;
  exit(): Promise<number | null>;
}

export const CTRL_C = "\u0003";
export const TAB = "\t";
/** Takes away what was typed. */
export const CTRL_U = "\u0015";

/**
 * Runs a line of shell in a terminal, made by util-linux' `script`; the test is skipped where that
 * is not.
 */
export function openPty(line: string, env: Readonly<Record<string, string>> = {}): Pty {
  const found = spawnSync("script", ["--version"], { encoding: "utf8" }).stdout as string | null;
  if (found?.includes("util-linux") !== true) {
    TestRunner.getCurrentTest()?.context.skip("no `script` of util-linux here");
  }
  const child: ChildProcessWithoutNullStreams = spawn("script", ["-qec", line, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", LANG: "C.UTF-8", SHELL: "/bin/sh", ...env },
  });
  const ended = once(child, "exit") as Promise<[number | null]>;
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  let output = "";
  let seen = 0;
  child.stdout.on("data", (part: Buffer) => (output += part.toString()));
  child.stdin.on("error", () => undefined); // The program may end while somebody types.
  const shown = (): string => stripVTControlCharacters(output);
  return {
    type: (keys) => void child.stdin.write(keys),
    shown,
    shows: async (what) => {
      const isThere = (): boolean => what.test(shown().slice(seen));
      await until(isThere, { withinMs: 10_000, what: what.source }).catch((cause: unknown) => {
        throw new Error(`not shown: ${what.source}\nin: ${shown().slice(seen)}`, { cause });
      });
      seen = shown().length;
    },
    exit: async () => (await ended)[0],
  };
}
