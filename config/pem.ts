import { readFileSync, statSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { CheckedSettings } from "./schema.js";
import { home } from "./secrets.js";
import type { Path } from "./sources/source.js";

/** Certificate and key of the API, and the authority of the others'. */
export interface Pem {
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly ca?: string;
  readonly problems: readonly { readonly path: Path; readonly message: string }[];
  readonly warnings: readonly string[];
}

/** Reads the files that `api.tls` and `api.ca` name, or takes the text that a secret holds. */
export function readPem(api: CheckedSettings["api"] = {}, env: NodeJS.ProcessEnv): Pem {
  const problems: { path: Path; message: string }[] = [];
  const warnings: string[] = [];
  const read = (path: Path, given: string): string => {
    if (given.startsWith("-----BEGIN ")) return given;
    const file = home(given, env);
    try {
      if (path.at(-1) === "key" && (statSync(file).mode & 0o077) !== 0) {
        warnings.push(`${file} can be read by others; chmod 600 ${file}`);
      }
      return readFileSync(file, "utf8");
    } catch (error) {
      // Who puts the key itself there must not read it in the log.
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      problems.push({ path, message: `is no file that can be read: ${code}` });
      return "";
    }
  };
  const ca = api.ca === undefined ? {} : { ca: read(["api", "ca"], api.ca) };
  if (api.tls === undefined) return { ...ca, problems, warnings };
  const cert = read(["api", "tls", "cert"], api.tls.cert);
  const key = read(["api", "tls", "key"], api.tls.key);
  if (problems.length === 0) {
    try {
      createSecureContext({ cert, key });
    } catch (error) {
      problems.push({
        path: ["api", "tls"],
        message: `is no certificate with its key: ${reasonOf(error)}`,
      });
    }
  }
  return { ...ca, tls: { cert, key }, problems, warnings };
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
