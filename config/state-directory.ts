import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { JobrunnerError } from "../common/error.js";
import { homeDirectory } from "./home-directory.js";

/** Where state is kept: systemd's $STATE_DIRECTORY, else the XDG place. */
export function stateDirectory(env: NodeJS.ProcessEnv): string {
  // systemd gives a colon-separated list when a unit declares several.
  const systemd = env["STATE_DIRECTORY"]?.split(":")[0];
  if (systemd !== undefined && systemd !== "") return systemd;
  const xdg = env["XDG_STATE_HOME"];
  const base = xdg !== undefined && xdg !== "" ? xdg : join(homeDirectory(), ".local", "state");
  return join(base, "jobrunner");
}

/** Makes the directory, readable by its owner only. */
export async function ensureDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new JobrunnerError("USAGE", `cannot make the directory ${path}: ${reason(error)}`, {
      hint: "Choose another place with XDG_STATE_HOME or --database.",
      cause: error,
    });
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
