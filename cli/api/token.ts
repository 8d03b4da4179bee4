import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { JobrunnerError } from "../../common/error.js";

/**
 * The cluster's token: JOBRUNNER_TOKEN, the file that JOBRUNNER_TOKEN_FILE names, or `token` beside
 * this user's config.yaml. Undefined when there is none, which is right for agents on the loopback.
 */
export async function findToken(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const given = env["JOBRUNNER_TOKEN"];
  if (given !== undefined && given !== "") return given;
  const named = env["JOBRUNNER_TOKEN_FILE"];
  if (named === undefined || named === "") {
    return readToken(join(configHome(env), "jobrunner", "token")).catch(() => undefined);
  }
  return readToken(named).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new JobrunnerError("USAGE", `JOBRUNNER_TOKEN_FILE cannot be read: ${why}`);
  });
}

async function readToken(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim();
}

function configHome(env: Readonly<Record<string, string | undefined>>): string {
  const xdg = env["XDG_CONFIG_HOME"];
  return xdg !== undefined && xdg !== "" ? xdg : join(homedir(), ".config");
}
