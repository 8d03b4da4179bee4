import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
}

/** All processes of this machine that are not dead already. */
export function listProcesses(): readonly Process[] {
  const table = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], {
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
  return table
    .split("\n")
    .flatMap((line) => {
      const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
      if (state === undefined || command === undefined) return [];
      return [{ pid: Number(pid), parent: Number(parent), state, command }];
    })
    .filter(({ state }) => !state.startsWith("Z"));
}

/** The process itself and everything below it, as far as parents are known. */
export function familyOf(pid: number): readonly Process[] {
  const all = listProcesses();
  const family = all.filter((process) => process.pid === pid);
  for (const member of family) {
    family.push(...all.filter(({ parent }) => parent === member.pid));
  }
  return family;
}

/** Those of `processes` that still live; a pid that serves another command now does not count. */
export function stillAlive(processes: readonly Process[]): readonly Process[] {
  const now = new Map(listProcesses().map((process) => [process.pid, process.command]));
  return processes.filter(({ pid, command }) => now.get(pid) === command);
}

/** Resident memory of a process, bytes; 0 when it is gone. Linux only. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readProc(pid, "status"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Processor time that a process has had so far, s; 0 when it is gone. Linux only. */
export function cpuSeconds(pid: number): number {
  // After the name, which may hold anything: fields 14 and 15, in hundredths of a second.
  const fields = readProc(pid, "stat").split(") ").at(-1)?.split(" ") ?? [];
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

/** How often threads of a process have waited for something, and so were woken. Linux only. */
export function waitsOf(pid: number): number {
  const count = (thread: string): number => {
    const status = readProc(pid, `task/${thread}/status`);
    return Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1] ?? 0);
  };
  return ifThere([], () => readdirSync(procOf(pid, "task"))).reduce((sum, t) => sum + count(t), 0);
}

function readProc(pid: number, file: string): string {
  return ifThere("", () => readFileSync(procOf(pid, file), "utf8"));
}

function procOf(pid: number, file: string): string {
  return `/proc/${String(pid)}/${file}`;
}

/** A process may end at any moment. */
function ifThere<T>(gone: T, work: () => T): T {
  try {
    return work();
  } catch {
    return gone;
  }
}

/** Sends a signal; false when there is no such process any more. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
