import { spawn } from "node:child_process";
import { once } from "node:events";
import type { HookBody } from "../../common/wire/hooks.js";

/** What a hook's command knows of the agent's environment: secrets are among the rest. */
const PASSED = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"];
/** The last of what it wrote as errors that is told, characters. */
const STDERR_CHARS = 2_000;

/**
 * Runs the program, without a shell, with the body as its standard input. Resolves when it exits
 * with 0. When the signal aborts it is killed, and all that it started and that has not left its
 * group.
 */
export async function runCommand(
  argv: readonly string[],
  body: HookBody,
  signal: AbortSignal,
): Promise<void> {
  const [program = "", ...args] = argv;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    stdio: ["pipe", "ignore", "pipe"],
    detached: true, // A group of its own, to be killed as a whole.
    env: environmentFor(body),
  });
  let stderr = "";
  child.stderr.setEncoding("utf8");
  child.stderr.on("data", (text: string) => (stderr = (stderr + text).slice(-STDERR_CHARS)));
  child.stdin.on("error", () => undefined); // It need not read what it is told.
  child.stdin.end(JSON.stringify(body));
  const kill = (): void => killGroup(child.pid);
  signal.addEventListener("abort", kill, { once: true });
  try {
    // Not `close`: what it leaves in the background may keep its pipes open.
    const [code, ended] = (await once(child, "exit")) as [number | null, string | null];
    signal.throwIfAborted();
    const said = stderr.trim() === "" ? "" : `: ${stderr.trim()}`;
    if (code !== 0) throw new Error(`it ended with ${ended ?? `exit code ${code ?? "?"}`}${said}`);
  } finally {
    signal.removeEventListener("abort", kill);
    child.stdin.destroy();
    child.stderr.destroy();
  }
}

function environmentFor({ delivery, state, job }: HookBody): NodeJS.ProcessEnv {
  const passed = PASSED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    ...Object.fromEntries(passed),
    JOBRUNNER_DELIVERY: delivery,
    JOBRUNNER_STATE: state,
    JOBRUNNER_JOB: job.id,
    JOBRUNNER_FLOW: job.flow,
    JOBRUNNER_NAME: job.name,
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It is gone already.
  }
}
