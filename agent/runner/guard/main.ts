import { type ChildProcess, spawn } from "node:child_process";
import {
  type CommandLine,
  type FromGuard,
  type LeaseEnd,
  SILENCE_MS,
  type ToGuard,
} from "./guard-messages.js";

/*
 * The guard of one command: a process between a task and what it started, so that the command ends
 * when its owner does. Killed owner: the channel closes. Frozen owner: the beats stop. Both are
 * noticed here, since nobody else is left to notice.
 */

/** How often it looks whether beats have stopped or the group is gone, ms. */
const LOOK_MS = 100;

let child: ChildProcess | undefined;
let exited: { readonly code: number | null; readonly signal: string | null } | undefined;
let graceMs = 0;
let lastBeat = now();
/** When SIGTERM was sent, if it was. */
let stopping: number | undefined;
let killed = false;
/** No grace reaches beyond it: somebody else may start the same command then. */
let leaseEnd: LeaseEnd | undefined;
let silent = false;

process.on("message", (message) => take(message as ToGuard));
process.on("disconnect", stop);
// Signals to the group of the owner are the owner's to obey; ours is the channel.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);
// The other end of our output is gone with the owner: no reason to fall over before the command.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

function take(message: ToGuard): void {
  lastBeat = now();
  switch (message.kind) {
    case "start":
      return start(message.line);
    case "beat":
      leaseEnd = message.end;
      return;
    case "kill":
      graceMs = 0;
      stop();
      return look();
    case "stop":
      return stop();
  }
}

function start(line: CommandLine): void {
  graceMs = line.graceMs;
  // A group of its own: what the command starts can be ended with it.
  child = spawn(line.command, [...line.args], {
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
    env: environment(line.env ?? {}),
    ...(line.cwd !== undefined && { cwd: line.cwd }),
  });
  child.on("spawn", () => say({ kind: "started", pid: child?.pid ?? 0 }));
  child.on("error", (error: NodeJS.ErrnoException) => {
    if (child?.pid !== undefined) return; // A failed kill: the look below tries again.
    const { message, code } = error;
    say({ kind: "failed", message, ...(code !== undefined && { code }) });
    leave();
  });
  child.on("exit", (code, signal) => {
    exited = { code, signal };
    look();
  });
  setInterval(look, LOOK_MS);
}

function environment(changes: Readonly<Record<string, string | null>>): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete env[name];
    else env[name] = value;
  }
  return env;
}

/** SIGTERM to the whole group; SIGKILL follows when the grace is over. */
function stop(): void {
  if (child?.pid === undefined) return leave();
  if (stopping !== undefined) return;
  stopping = now();
  signalGroup("SIGTERM");
  signalGroup("SIGCONT"); // A stopped process would not see SIGTERM.
}

function look(): void {
  if (exited !== undefined && !signalGroup(0)) {
    say({ kind: "ended", ...exited, silent });
    return leave();
  }
  if (stopping === undefined && overdue()) {
    // A guard that was frozen itself looks at the clock before it has read the beats.
    setImmediate(() => setImmediate(stopIfSilent));
  }
  // What a command leaves behind in its group when it exits is ended too.
  if (exited !== undefined) stop();
  if (stopping !== undefined && !killed && (now() - stopping >= graceMs || isLeaseOver())) {
    killed = true;
    signalGroup("SIGKILL");
  }
}

/** The wall clock counts too: the other one stands still while the machine sleeps. */
function isLeaseOver(): boolean {
  if (leaseEnd === undefined) return false;
  const monotonic = Number(process.hrtime.bigint()) / 1e6;
  return monotonic >= leaseEnd.monotonic || Date.now() >= leaseEnd.wall;
}

function overdue(): boolean {
  return now() - lastBeat > SILENCE_MS;
}

function stopIfSilent(): void {
  if (stopping !== undefined || !overdue()) return;
  silent = true;
  stop();
}

/** False when the group has no member left. */
function signalGroup(signal: NodeJS.Signals | 0): boolean {
  if (child?.pid === undefined) return false;
  try {
    return process.kill(-child.pid, signal);
  } catch (error) {
    // EPERM: a member runs as somebody else; it is there all the same.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

function say(message: FromGuard): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

/** After the last word has been sent. */
function leave(): void {
  if (process.connected) process.disconnect();
  process.exit(0);
}

/** Monotonic, ms: a clock that is set must not look like silence. */
function now(): number {
  return performance.now();
}
