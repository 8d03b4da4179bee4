import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { homeDirectory } from "../home-directory.js";

/**
 * Files of settings in the order they are read, later ones win. `--config` or JOBRUNNER_CONFIG
 * names the only one; else those of the system for an agent of the system (root's, or one that
 * systemd starts), then those of the user.
 */
export function settingsFiles(env: NodeJS.ProcessEnv, named?: string): readonly string[] {
  const only = named ?? env["JOBRUNNER_CONFIG"];
  if (only !== undefined && only !== "") return [only];
  const files = [...systemDirectories(env).flatMap(filesIn), userFile(env)];
  return files.filter((file) => existsSync(file));
}

/** Where this user's settings are, or would be. */
export function userFile(env: NodeJS.ProcessEnv): string {
  return join(configHome(env), "jobrunner", "config.yaml");
}

/** Where an agent of this user keeps its settings; written by nobody but its owner. */
export function configHome(env: NodeJS.ProcessEnv): string {
  const xdg = env["XDG_CONFIG_HOME"];
  return xdg !== undefined && xdg !== "" ? xdg : join(homeDirectory(), ".config");
}

function systemDirectories(env: NodeJS.ProcessEnv): readonly string[] {
  const systemd = env["CONFIGURATION_DIRECTORY"];
  if (systemd !== undefined && systemd !== "") return systemd.split(":");
  const prefix = env["TERMUX_VERSION"] === undefined ? undefined : env["PREFIX"];
  if (prefix !== undefined) return [join(prefix, "etc", "jobrunner")];
  return process.getuid?.() === 0 ? ["/etc/jobrunner"] : [];
}

/** `config.yaml` and then, by name, what lies in `conf.d`. */
function filesIn(directory: string): readonly string[] {
  const more = join(directory, "conf.d");
  const names = existsSync(more) ? readdirSync(more).filter((name) => name.endsWith(".yaml")) : [];
  return [join(directory, "config.yaml"), ...names.sort().map((name) => join(more, name))];
}
