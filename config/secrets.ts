import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { isObject, type Path, type Settings } from "./sources/source.js";

/*
 * Any text may be kept elsewhere: `{ file: PATH }`, `{ env: NAME }`, or `{ credential: NAME }` for
 * one that systemd hands over in $CREDENTIALS_DIRECTORY. It is never printed.
 */

export interface Secrets {
  readonly settings: Settings;
  /** Paths of settings that were kept elsewhere. */
  readonly secret: readonly Path[];
  readonly problems: readonly { readonly path: Path; readonly message: string }[];
  readonly warnings: readonly string[];
}

interface Found {
  readonly secret: Path[];
  readonly problems: { readonly path: Path; readonly message: string }[];
  readonly warnings: string[];
  readonly env: NodeJS.ProcessEnv;
}

const KINDS = ["file", "env", "credential"];

/** Puts the texts in the place of their references; `env` is where `{ env: NAME }` looks. */
export function readSecrets(settings: Settings, env: NodeJS.ProcessEnv): Secrets {
  const found: Found = { secret: [], problems: [], warnings: [], env };
  return { settings: replace(settings, [], found) as Settings, ...found };
}

function replace(value: unknown, path: Path, found: Found): unknown {
  if (Array.isArray(value)) {
    return value.map((each, index) => replace(each, [...path, index], found));
  }
  if (!isObject(value)) return value;
  const [[kind, name] = [], ...more] = Object.entries(value);
  if (path.length > 1 && more.length === 0 && KINDS.includes(kind ?? "")) {
    return resolve({ kind: kind ?? "", name, path }, found);
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, replace(each, [...path, key], found)]),
  );
}

interface Reference {
  readonly kind: string;
  readonly name: unknown;
  readonly path: Path;
}

/** The text; undefined, with a problem noted, when there is none. */
function resolve({ kind, name, path }: Reference, found: Found): string | undefined {
  found.secret.push(path);
  const fail = (message: string): undefined => {
    found.problems.push({ path, message });
    return undefined;
  };
  if (typeof name !== "string" || name === "") return fail(`${kind}: needs a name`);
  if (kind === "env") return found.env[name] ?? fail(`the environment has no ${name}`);
  const directory = found.env["CREDENTIALS_DIRECTORY"];
  if (kind === "credential" && directory === undefined) {
    return fail("there are no credentials here: $CREDENTIALS_DIRECTORY is set by systemd");
  }
  const file = kind === "file" ? home(name, found.env) : join(directory ?? "", name);
  try {
    if (kind === "file" && (statSync(file).mode & 0o077) !== 0) {
      found.warnings.push(`${file} can be read by others; chmod 600 ${file}`);
    }
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    return fail(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** `~/` is the home directory, as in a shell. */
export function home(path: string, env: NodeJS.ProcessEnv): string {
  return path.startsWith("~/") ? join(env["HOME"] ?? "", path.slice(2)) : path;
}

/** A URL as it may be shown: without its password and token. */
export function withoutSecrets(url: string): string {
  return url
    .replace(/^([a-z+]+:\/\/[^:/?#]*):[^/?#]*@/, "$1:***@")
    .replace(/([?&]token=)[^&]*/, "$1***");
}
