import { spawn } from "node:child_process";

export interface Ran {
  readonly code: number | null;
  /** Both streams. */
  readonly output: string;
}

interface RunOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly limitMs?: number;
  readonly input?: string;
}

/** Runs a program to its end. */
export function run(
  program: string,
  args: readonly string[],
  { env = process.env, cwd, limitMs = 60_000, input }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, cwd, timeout: limitMs, killSignal: "SIGKILL" });
    let output = "";
    child.stdout.on("data", (part: Buffer) => (output += part.toString()));
    child.stderr.on("data", (part: Buffer) => (output += part.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, output });
    });
    child.stdin.end(input);
  });
}
