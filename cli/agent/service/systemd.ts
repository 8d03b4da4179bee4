import { dirname, join } from "node:path";
import { JobrunnerError } from "../../../common/error.js";
import { configHome } from "../../../config/sources/files.js";
import { deployed } from "../deployed.js";
import type { Place, Scope, ServiceManager, Step } from "./service-manager.js";

/** What systemd gives to services. */
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
const COMMAND = "ExecStart=/usr/bin/env jobrunner run";

/** A unit of deploy/systemd, with this machine's paths. */
export function systemd(place: Place, scope: Scope): ServiceManager {
  const isUser = scope === "user";
  if (!isUser) refuseHomes(place, scope);
  const name = scope === "machine" ? "jobrunner-machine.service" : "jobrunner.service";
  const folder = isUser ? join(configHome(place.env), "systemd", "user") : "/etc/systemd/system";
  const file = join(folder, name);
  const ask = (...words: readonly string[]): readonly [string, ...string[]] =>
    isUser ? ["systemctl", "--user", ...words] : ["systemctl", ...words];
  const reload: Step = { what: "run", command: ask("daemon-reload") };
  const renew: Step = { what: "run", command: ask("try-restart", name), onChange: true };
  const linger: Step = {
    ...{ what: "run", command: ["loginctl", "enable-linger"] },
    mayFail: "the agent then runs while you are logged in only",
  };
  const unit = unitFor(place, `systemd/${isUser ? "user" : "system"}/${name}`);
  return {
    name: isUser ? "systemd, for this user" : "systemd, for the machine",
    file,
    install: [
      { what: "write", file, text: unit, mode: 0o644 },
      reload,
      renew,
      { what: "run", command: ask("enable", "--now", name) },
      ...(isUser ? [linger] : []),
    ],
    uninstall: [
      { what: "run", command: ask("disable", "--now", name), mayFail: "it is not loaded" },
      { what: "remove", file },
      reload,
    ],
    status: ask("status", "--no-pager", name),
    logs: (follow) => [
      ...(isUser ? (["journalctl", "--user"] as const) : (["journalctl"] as const)),
      ...["--unit", name, "--lines", "100", "--no-pager"],
      ...(follow ? ["--follow"] : []),
    ],
  };
}

function unitFor({ node, main }: Place, template: string): string {
  const text = deployed(template);
  const folder = dirname(node);
  // Commands of flows find this Node as well, wherever a version manager has put it.
  const path = PATH.split(":").includes(folder)
    ? ""
    : `Environment="PATH=${folder.replaceAll("%", "%%")}:${PATH}"\n`;
  return text.replace(COMMAND, () => `${path}ExecStart=${quoted(node)} ${quoted(main)} run`);
}

/** One word of a command line of systemd's. */
function quoted(path: string): string {
  const escaped = path.replaceAll("%", "%%").replaceAll("$", "$$$$");
  return /[\s"'\\]/.test(escaped) ? `"${escaped.replaceAll(/["\\]/g, "\\$&")}"` : escaped;
}

/** The unit that is locked in sees no home directory: it would never start. */
function refuseHomes({ node, main, uid }: Place, scope: Scope): void {
  if (uid !== 0) {
    throw new JobrunnerError("USAGE", "only root may install a service of the system", {
      hint: "Say --user for a service of yours, or call it as root.",
    });
  }
  const hidden = [node, main].find((path) => /^\/(home|root|run\/user)\//.test(path));
  if (scope === "machine" || hidden === undefined) return;
  throw new JobrunnerError("USAGE", `a service that is locked in cannot read ${hidden}`, {
    hint: "Install Node and jobrunner for the whole machine (npm -g), or say --user.",
  });
}
