import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { flagSource } from "../../cli/agent/flags.js";
import type { RunFlags } from "../../cli/options.js";
import { hasCode } from "../../common/error.js";
import { loadConfig, type Loaded } from "../../config/load.js";
import { tempDir } from "../support/temp.js";

export interface Given {
  readonly text?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly flags?: RunFlags;
}

/** Loads with a home of its own; `text` is the user's file there. */
export function load({ text, env = {}, flags = {} }: Given = {}): Loaded {
  const home = tempDir();
  mkdirSync(join(home, "jobrunner"));
  if (text !== undefined) writeFileSync(join(home, "jobrunner", "config.yaml"), text);
  // Named, so that a file of this machine's administrator is not read.
  const system = { CONFIGURATION_DIRECTORY: join(home, "none") };
  const places = { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, ...system };
  return loadConfig({ env: { ...places, ...env }, flags: flagSource(flags) });
}

export function mistakesIn(text: string, given: Given = {}): string {
  try {
    load({ text, ...given });
  } catch (error) {
    if (hasCode(error, "USAGE")) return error.message.replaceAll(/^\/.*\/(?=config\.yaml)/gm, "");
    throw error;
  }
  return "none";
}
