import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { JobrunnerError } from "../../common/error.js";
import { configHome } from "../../config/sources/files.js";

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
    return readText(join(configHome(env), "jobrunner", "token")).catch(() => undefined);
  }
  return readText(named).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new JobrunnerError("USAGE", `JOBRUNNER_TOKEN_FILE cannot be read: ${why}`);
  });
}

/**
 * The authority that the agents' certificates are signed by: the file that JOBRUNNER_CA_FILE names,
 * or `ca.pem` beside this user's config.yaml. Undefined when there is none: those that Node knows.
 */
export async function findCa(
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const named = env["JOBRUNNER_CA_FILE"];
  if (named === undefined || named === "") {
    return readText(join(configHome(env), "jobrunner", "ca.pem")).catch(() => undefined);
  }
  return readText(named).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new JobrunnerError("USAGE", `JOBRUNNER_CA_FILE cannot be read: ${why}`);
  });
}

async function readText(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trim();
}
