import { flagSource } from "../../cli/agent/flags.js";
import type { RunFlags } from "../../cli/options.js";
import type { Config } from "../../config/config.js";
import { loadConfig } from "../../config/load.js";

/** What an agent with these flags is told, in a home of its own; it listens on a free port. */
export function configIn(directory: string, flags: RunFlags = {}): Config {
  const home = { XDG_STATE_HOME: directory, XDG_CONFIG_HOME: directory };
  const env = { ...home, CONFIGURATION_DIRECTORY: directory };
  return loadConfig({ env, flags: flagSource({ listen: "0", ...flags }) }).config;
}
