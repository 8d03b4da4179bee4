import { spawn } from "node:child_process";
import { MAIN } from "./agents.js";
import { onHost, type Host } from "./hosts.js";

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const LIMIT_MS = 30_000;

/** Runs `jobrunner <args>` from dist, as somebody without a terminal would, there or here. */
export function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  host?: Host,
): Promise<CommandResult> {
  const [program, ...words] = onHost([process.execPath, MAIN, ...args], host);
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: LIMIT_MS,
      killSignal: "SIGKILL",
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (part: Buffer) => (stdout += part.toString()));
    child.stderr.on("data", (part: Buffer) => (stderr += part.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      resolve({ code, stdout, stderr });
    });
  });
}
