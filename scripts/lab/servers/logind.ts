import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until } from "../until.js";
import { ServerProcess } from "./server.js";

/** A real system bus of one test's own; of systemd-logind only the object itself is played. */
export interface LogindServer extends AsyncDisposable {
  /** For those that are to take it for the machine's bus. */
  readonly env: { readonly DBUS_SYSTEM_BUS_ADDRESS: string };
  /** The machine goes to sleep, or has woken: tells all that listen. */
  say(what: "sleep" | "wake"): void;
  /** Locks that hold up sleep now. */
  locks(): number;
  /** Locks that were taken, as asked for: `sleep delay`. */
  readonly taken: readonly string[];
}

const CONFIG = (socket: string): string => `<busconfig>
  <type>system</type>
  <listen>unix:path=${socket}</listen>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
  </policy>
</busconfig>
`;

/** Debian's own Python, for which the packages are installed. */
const PYTHON = "/usr/bin/python3";

/** Without `played` the bus is there and nobody is logind, as in many a container. */
export async function startLogind(
  dir: string,
  { played = true }: { readonly played?: boolean } = {},
): Promise<LogindServer> {
  const socket = join(dir, "bus");
  const config = join(dir, "bus.conf");
  writeFileSync(config, CONFIG(socket));
  const bus = await ServerProcess.start({
    ...{ name: "dbus", dir, readyWithinMs: 10_000 },
    command: ["dbus-daemon", `--config-file=${config}`, "--nofork", "--nopidfile", "--nosyslog"],
    answers: () => Promise.resolve(existsSync(socket)),
  });
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${socket}` };
  const lines: string[] = [];
  const manager = played ? await play(env, lines) : undefined;
  const taken = (): readonly string[] => lines.filter((line) => line.startsWith("taken "));
  return {
    env,
    say: (what) => void manager?.stdin.write(`${what}\n`),
    locks: () => taken().length - lines.filter((line) => line === "let go").length,
    get taken() {
      return taken().map((line) => line.slice("taken ".length));
    },
    async [Symbol.asyncDispose]() {
      if (manager?.exitCode === null) {
        const gone = once(manager, "exit");
        manager.kill("SIGKILL");
        await gone;
      }
      await bus[Symbol.asyncDispose]();
    },
  };
}

async function play(env: Readonly<Record<string, string>>, lines: string[]) {
  const child = spawn(PYTHON, [join(import.meta.dirname, "logind.py")], {
    env: { ...process.env, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  await until(() => lines.includes("ready"), { withinMs: 10_000, what: "a logind on the bus" });
  return child;
}
