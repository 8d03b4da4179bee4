import { createHash, randomBytes } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type AccessToken, formatTokens, parseTokens } from "../../common/access.js";
import { JobrunnerError } from "../../common/error.js";
import { configHome } from "../../config/sources/files.js";

/** Beside this user's config.yaml. */
export function tokenFile(env: NodeJS.ProcessEnv): string {
  return join(configHome(env), "jobrunner", "tokens");
}

/** Throws USAGE for a file that is there and cannot be read, or is none of tokens. */
export async function readTokens(file: string): Promise<readonly AccessToken[]> {
  try {
    return parseTokens(await readFile(file, "utf8"));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw new JobrunnerError("USAGE", `${file}: ${reasonOf(error)}`, { cause: error });
  }
}

/**
 * Replaces the file as a whole, readable by its owner only; whoever reads it meanwhile gets the old
 * one. Throws CONFLICT while another command changes it.
 */
export async function changeTokens(
  file: string,
  change: (tokens: readonly AccessToken[]) => readonly AccessToken[],
): Promise<void> {
  const next = `${file}.new`;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const handle = await open(next, "wx", 0o600).catch((error: unknown) => {
    if (codeOf(error) !== "EEXIST") throw cannotWrite(next, error);
    throw new JobrunnerError("CONFLICT", `${next} is there: another command changes the tokens`, {
      hint: `When none does, one was killed: remove ${next}.`,
    });
  });
  try {
    await handle.writeFile(formatTokens(change(await readTokens(file))));
    await handle.sync();
    await rename(next, file);
  } catch (error) {
    await rm(next, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
}

/** A secret nobody can guess, and what a file keeps of it. */
export function makeSecret(): { readonly secret: string; readonly hash: string } {
  const secret = `jr_${randomBytes(32).toString("base64url")}`;
  return { secret, hash: createHash("sha256").update(secret).digest("hex") };
}

function cannotWrite(file: string, error: unknown): JobrunnerError {
  return new JobrunnerError("USAGE", `${file} cannot be written: ${reasonOf(error)}`);
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
