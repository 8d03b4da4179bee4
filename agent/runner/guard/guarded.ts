import { type ChildProcess, spawn } from "node:child_process";
import { moduleBeside, nodeArguments } from "../transport/entry.js";
import { eachLine } from "../transport/lines.js";
import { BEAT_MS, type CommandLine, type FromGuard, type ToGuard } from "./guard-messages.js";

export interface Guarded extends Omit<CommandLine, "graceMs"> {
  readonly graceMs?: number;
  /** Stops the command. */
  readonly signal: AbortSignal;
  /** Called with each line of the command's output. */
  line(text: string): void;
  /** False once the owner must not work any more; then the beats stop. */
  alive(): boolean;
}

/** Between SIGTERM and SIGKILL when nothing else is said, ms. */
const GRACE_MS = 2_000;
/** For the rest of the output after the end, ms. */
const DRAIN_MS = 500;

/**
 * Runs a command under a guard until it and its group are gone. Rejects when it did not exit with
 * 0: with the signal's reason when it was stopped, else with an error whose `code` is `EXIT_<n>`,
 * `SIGNAL_<name>` or the system's code for not being able to start it.
 */
export function runGuarded(options: Guarded): Promise<void> {
  const { command, args, cwd, env, graceMs = GRACE_MS, signal } = options;
  signal.throwIfAborted();
  const guard = startGuard(options);
  const line: CommandLine = {
    command,
    args,
    graceMs,
    ...(cwd !== undefined && { cwd }),
    ...(env !== undefined && { env }),
  };
  tell(guard, { kind: "start", line });
  const beats = setInterval(() => {
    if (options.alive()) tell(guard, { kind: "beat" });
  }, BEAT_MS);
  const stop = (): void => tell(guard, { kind: "stop" });
  signal.addEventListener("abort", stop, { once: true });
  return outcome(guard, options).finally(() => {
    clearInterval(beats);
    signal.removeEventListener("abort", stop);
  });
}

function startGuard(options: Guarded): ChildProcess {
  const entry = moduleBeside(import.meta.url, "./main");
  const guard = spawn(process.execPath, ["--max-semi-space-size=1", ...nodeArguments(entry)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A session of its own: it must outlive a kill of the owner's whole group.
    detached: true,
  });
  if (guard.stdout !== null) eachLine(guard.stdout, options.line);
  if (guard.stderr !== null) eachLine(guard.stderr, options.line);
  return guard;
}

function outcome(guard: ChildProcess, options: Guarded): Promise<void> {
  const { command, signal } = options;
  return new Promise((resolve, reject) => {
    let pid: number | undefined;
    let last: FromGuard | undefined;
    guard.on("message", (message) => {
      last = message as FromGuard;
      if (last.kind === "started") pid = last.pid;
    });
    guard.on("error", (error) => reject(error));
    const end = (): void => {
      if (last?.kind === "ended" && last.code === 0 && !signal.aborted) return resolve();
      if (signal.aborted) return reject(signal.reason);
      if (last?.kind === "ended" || last?.kind === "failed") return reject(toError(command, last));
      if (pid !== undefined) killGroup(pid);
      reject(failed(`The guard of "${command}" ended before it.`, "GUARD_DIED"));
    };
    // "close": the lines that were written before the end come before the end. It may never come,
    // when a process that left the group holds the output open.
    guard.on("close", end);
    guard.on("exit", () => setTimeout(end, DRAIN_MS).unref());
  });
}

function toError(command: string, end: Exclude<FromGuard, { kind: "started" }>): Error {
  if (end.kind === "failed") return failed(`Cannot start "${command}": ${end.message}`, end.code);
  if (end.silent) {
    return failed(`"${command}" was ended: its owner was silent for too long.`, "OWNER_SILENT");
  }
  if (end.signal !== null)
    return failed(`"${command}" was ended by ${end.signal}.`, `SIGNAL_${end.signal}`);
  return failed(`"${command}" exited with ${String(end.code)}.`, `EXIT_${String(end.code)}`);
}

function failed(message: string, code: string | undefined): Error {
  const error = new Error(message);
  error.name = "CommandError";
  return code === undefined ? error : Object.assign(error, { code });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    return; // Gone already, which is all that is wanted.
  }
}

function tell(guard: ChildProcess, message: ToGuard): void {
  if (guard.connected) guard.send(message, () => undefined); // Its end is told by "close".
}
