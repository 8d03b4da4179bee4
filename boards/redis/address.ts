import { readFileSync } from "node:fs";
import { JobrunnerError } from "../../common/error.js";

/** Where a Redis is, and where in it the board is. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly db: number;
  readonly username?: string;
  readonly password?: string;
  /** Present for `rediss:`; `ca` replaces the authorities that Node knows. */
  readonly tls?: { readonly ca?: string };
  /** Begins every key and the channel, `{jobrunner}:`; braces keep all keys in one cluster slot. */
  readonly prefix: string;
}

const FORM =
  "Write redis://[USER:PASSWORD@]HOST[:PORT][/DB][?prefix=NAME], or rediss: with ?ca=FILE.";
const PREFIX = /^[\w.:-]{1,64}$/;

/** Reads `redis:` and `rediss:` URLs; throws USAGE, with a message that never shows a password. */
export function parseRedisUrl(text: string): RedisAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "") throw usage("The board's URL names no host.");
  for (const name of url.searchParams.keys()) {
    if (name !== "prefix" && name !== "ca")
      throw usage(`The board's URL has an unknown ?${name}=.`);
  }
  const secure = url.protocol === "rediss:";
  const ca = url.searchParams.get("ca");
  if (ca !== null && !secure) throw usage("?ca= is for rediss: only.");
  const username = decodeURIComponent(url.username);
  const password = decodeURIComponent(url.password);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? 6379 : Number(url.port),
    db: database(url.pathname),
    prefix: prefix(url.searchParams.get("prefix") ?? "jobrunner"),
    ...(username === "" ? {} : { username }),
    ...(password === "" ? {} : { password }),
    ...(secure ? { tls: ca === null ? {} : { ca: authorities(ca) } } : {}),
  };
}

function database(path: string): number {
  const [, digits] = /^\/?(\d*)$/.exec(path) ?? [];
  if (digits === undefined) throw usage(`The board's URL has the database "${path.slice(1)}".`);
  return Number(digits);
}

function prefix(name: string): string {
  if (!PREFIX.test(name)) {
    throw usage("?prefix= takes up to 64 letters, digits and any of . _ : - only.");
  }
  return `{${name}}:`;
}

function authorities(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usage(`The certificates of ?ca=${path} cannot be read.`, error);
  }
}

function usage(message: string, cause?: unknown): JobrunnerError {
  return new JobrunnerError("USAGE", message, { hint: FORM, cause });
}
