import { type ChildProcess, spawn } from "node:child_process";
import type { LogStream } from "../../../common/log.js";
import { moduleBeside, nodeArguments } from "../transport/entry.js";
import type { ReadBudget } from "../output/budgets.js";
import { eachLine } from "../output/lines.js";
import type { CommandLine, FromGuard, LeaseEnd, ToGuard } from "./guard-messages.js";

/** How a command ended. */
export type CommandEnd =
  | {
      readonly kind: "ended";
      readonly code: number | null;
      readonly signal: string | null;
      /** Its last line of standard error. */
      readonly complaint?: string;
    }
  /** Its owner was silent for too long, so the guard ended it. */
  | { readonly kind: "silent" }
  | { readonly kind: "failed"; readonly message: string; readonly code?: string }
  /** Somebody ended the guard, and with it the command. */
  | { readonly kind: "unguarded" };

/** A command with the guard that ends it when its owner cannot. */
export interface GuardedCommand {
  /** Resolves when the command and its group are gone; never rejects. */
  readonly end: Promise<CommandEnd>;
  /** `end`: when the owner's lease is over; its grace ends with it. */
  beat(end: LeaseEnd | undefined): void;
  /** SIGTERM to the group, SIGKILL after the grace. */
  stop(): void;
  /** SIGKILL to the group. */
  kill(): void;
}

/** Characters shown of a command's last line. */
const COMPLAINT_MAX = 500;
/** For the rest of the output after the end, ms. */
const DRAIN_MS = 500;

/** Where the output of a command goes. */
export interface OutputOf {
  take(text: string, stream: LogStream): void;
  readonly budget: ReadBudget;
}

/** Runs a command under a guard. */
export function startGuarded(line: CommandLine, output: OutputOf): GuardedCommand {
  let guard: ChildProcess;
  try {
    guard = startGuard();
  } catch (error) {
    // Such as no memory left, which `spawn` does not report by an event.
    const message = error instanceof Error ? error.message : String(error);
    return { end: Promise.resolve({ kind: "failed", message }), ...NOTHING };
  }
  const complaint = read(guard, output);
  const tell = (message: ToGuard): void => {
    if (guard.connected) guard.send(message, () => undefined); // Its end is told by "exit".
  };
  tell({ kind: "start", line });
  return {
    end: endOf(guard).then((end) => withComplaint(end, complaint())),
    beat: (end) => tell({ kind: "beat", ...(end !== undefined && { end }) }),
    stop: () => tell({ kind: "stop" }),
    kill: () => tell({ kind: "kill" }),
  };
}

const NOTHING = { beat: () => undefined, stop: () => undefined, kill: () => undefined };

function startGuard(): ChildProcess {
  const entry = moduleBeside(import.meta.url, "./main");
  return spawn(process.execPath, ["--max-semi-space-size=1", ...nodeArguments(entry)], {
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    // A session of its own: it must outlive a kill of the owner's whole group.
    detached: true,
  });
}

/** Reads the output; the answer is the last line that it wrote to its standard error so far. */
function read(guard: ChildProcess, { take, budget }: OutputOf): () => string | undefined {
  let last: string | undefined;
  const note = (line: string): void => {
    if (line.trim() !== "") last = line.trim().slice(0, COMPLAINT_MAX);
    take(line, "stderr");
  };
  const pass = (line: string): void => take(line, "stdout");
  const readings = [
    ...(guard.stdout ? [eachLine(guard.stdout, pass, budget)] : []),
    ...(guard.stderr ? [eachLine(guard.stderr, note, budget)] : []),
  ];
  guard.on("exit", () => readings.forEach((reading) => reading.drain()));
  return () => last;
}

function withComplaint(end: CommandEnd, complaint: string | undefined): CommandEnd {
  return end.kind === "ended" && complaint !== undefined ? { ...end, complaint } : end;
}

function endOf(guard: ChildProcess): Promise<CommandEnd> {
  return new Promise((resolve) => {
    let pid: number | undefined;
    let last: CommandEnd | undefined;
    guard.on("message", (message) => {
      const said = message as FromGuard;
      if (said.kind === "started") pid = said.pid;
      else last = said.kind === "ended" && said.silent ? { kind: "silent" } : said;
    });
    const finish = (): void => {
      if (last === undefined && pid !== undefined) killGroup(pid);
      resolve(last ?? { kind: "unguarded" });
    };
    guard.on("error", ({ message }) => {
      if (guard.pid === undefined) resolve({ kind: "failed", message });
    });
    // "close": the lines that were written before the end come before the end. It may never come,
    // when a process that left the group holds the output open.
    guard.on("close", finish);
    guard.on("exit", () => {
      const timer = setTimeout(finish, DRAIN_MS);
      guard.once("close", () => clearTimeout(timer));
    });
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    return; // Gone already, which is all that is wanted.
  }
}

/** The end as the error that `ctx.run` rejects with; undefined for exit code 0. */
export function toError(command: string, end: CommandEnd): Error | undefined {
  switch (end.kind) {
    case "failed":
      return failed(`Cannot start "${command}": ${end.message}`, end.code);
    case "silent":
      return failed(`"${command}" was ended: its owner was silent for too long.`, "OWNER_SILENT");
    case "unguarded":
      return failed(`The guard of "${command}" was ended, and with it the command.`, "GUARD_DIED");
    case "ended":
      if (end.code === 0) return undefined;
      return badEnd(command, end);
  }
}

function badEnd(command: string, end: Extract<CommandEnd, { kind: "ended" }>): Error {
  const { code, signal, complaint } = end;
  const last = complaint === undefined ? "." : `: ${complaint}`;
  if (signal !== null)
    return failed(`"${command}" was ended by ${signal}${last}`, `SIGNAL_${signal}`);
  return failed(`"${command}" exited with ${String(code)}${last}`, `EXIT_${String(code)}`);
}

function failed(message: string, code: string | undefined): Error {
  const error = new Error(message);
  error.name = "CommandError";
  return code === undefined ? error : Object.assign(error, { code });
}
