import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** Debian's own Python; Node has no datagram sockets of the file system. */
const PYTHON = "python3";

export interface NotifyServer extends AsyncDisposable {
  readonly socket: string;
  /** The assignments of each message so far, without systemd-notify's own. */
  messages(): readonly (readonly string[])[];
}

/** What keeps the protocol from being tested here. */
export function notifyMissing(): string | undefined {
  const missing = [PYTHON, "systemd-notify"].filter(
    (program) => spawnSync(program, ["--version"]).status !== 0,
  );
  return missing.length === 0 ? undefined : `${missing.join(" and ")} cannot be run`;
}

/** Plays the part of systemd that listens to services. */
export async function startNotifyServer(dir: string): Promise<NotifyServer> {
  const socket = join(dir, "notify");
  const script = join(import.meta.dirname, "notify.py");
  const child = spawn(PYTHON, [script, socket], { stdio: ["ignore", "pipe", "inherit"] });
  const gone = once(child, "exit");
  const lines = createInterface({ input: child.stdout });
  await once(lines, "line");
  const seen: (readonly string[])[] = [];
  lines.on("line", (line) => seen.push(JSON.parse(line) as readonly string[]));
  return {
    socket,
    messages: () => seen.filter((message) => !message.includes("BARRIER=1")),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await gone;
    },
  };
}
