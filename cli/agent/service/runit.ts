import { join } from "node:path";
import { JobrunnerError } from "../../../common/error.js";
import { deployed } from "../deployed.js";
import type { Place, ServiceManager } from "./service-manager.js";

const SHEBANG = "#!/data/data/com.termux/files/usr/bin/sh";
const EXECUTABLE = 0o755;
const UNSEEN = "runit has not seen it yet, and starts it when it has: open a new session of Termux";

/** A service of Termux's package termux-services, and what starts it with the phone. */
export function runit({ env, home, node, main }: Place): ServiceManager {
  const prefix = env["PREFIX"];
  if (prefix === undefined || prefix === "") {
    throw new JobrunnerError("USAGE", "this is not Termux: $PREFIX says nothing", {
      hint: "Call it within Termux, after pkg install termux-services.",
    });
  }
  const folder = join(prefix, "var", "service", "jobrunner");
  const file = join(folder, "run");
  const script = (name: string): string =>
    deployed(`termux/${name}`)
      .replace(SHEBANG, () => `#!${join(prefix, "bin", "sh")}`)
      .replace("exec jobrunner run", () => `exec ${quoted(node)} ${quoted(main)} run`);
  const write = (to: string, name: string) =>
    ({ what: "write", file: to, text: script(name), mode: EXECUTABLE }) as const;
  const boot = join(home, ".termux", "boot", "jobrunner");
  const log = join(folder, "log", "run");
  return {
    name: "runit, in Termux",
    file,
    install: [
      // The log first: runsv starts the service as soon as it sees it.
      write(log, "service/log/run"),
      write(file, "service/run"),
      write(boot, "boot/jobrunner"),
      { what: "run", command: ["sv", "restart", "jobrunner"], onChange: true, mayFail: UNSEEN },
      { what: "run", command: ["sv-enable", "jobrunner"], mayFail: UNSEEN },
    ],
    uninstall: [
      { what: "run", command: ["sv-disable", "jobrunner"], mayFail: "it is not loaded" },
      ...[boot, file, log].map((each) => ({ what: "remove", file: each }) as const),
    ],
    status: ["sv", "status", "jobrunner"],
    logs: (follow) => {
      const current = join(prefix, "var", "log", "sv", "jobrunner", "current");
      return ["tail", "-n", "100", ...(follow ? ["-F"] : []), current];
    },
  };
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
