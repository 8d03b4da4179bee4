import { readFileSync } from "node:fs";
import { JobrunnerError } from "../common/error.js";

/** Where a database is, and how one gets in. */
export interface Address {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Undefined: without TLS. `ca` is a certificate as PEM text, undefined for the system's. */
  readonly tls?: { readonly ca?: string };
}

const DEFAULT_PORT = 3306;
const HINT = "Write mysql://USER:PASSWORD@HOST:3306/DATABASE, with ?ssl=true or ?ca=FILE for TLS.";

/**
 * `mysql://user:password@host:port/database`, or `mariadb://`, with the options `ssl=true` and
 * `ca=FILE` (which means TLS as well). Throws USAGE, and never repeats the password.
 */
export function parseAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw usage("The address of the database cannot be read.");
  const database = decode(url.pathname.slice(1));
  if (url.hostname === "") throw usage("The address of the database names no host.");
  if (!/^[^/]+$/.test(database)) throw usage("The address names no database, or more than one.");
  if (url.username === "") throw usage("The address of the database names no user.");
  const tls = readTls(url.searchParams);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? DEFAULT_PORT : Number(url.port),
    user: decode(url.username),
    password: decode(url.password),
    database,
    ...(tls === undefined ? {} : { tls }),
  };
}

/** The address for people: without user and password. */
export function describe({ host, port, database }: Address): string {
  return `${database} on ${host}:${port}`;
}

function readTls(options: URLSearchParams): Address["tls"] {
  for (const name of options.keys()) {
    if (name !== "ssl" && name !== "ca") throw usage(`There is no option "${name}".`);
  }
  const ssl = options.get("ssl");
  if (ssl !== null && ssl !== "true" && ssl !== "false") throw usage("ssl is true or false.");
  const file = options.get("ca");
  if (file === null) return ssl === "true" ? {} : undefined;
  if (ssl === "false") throw usage("ca=FILE is of no use with ssl=false.");
  try {
    return { ca: readFileSync(file, "utf8") };
  } catch (cause) {
    throw new JobrunnerError("USAGE", `The certificate ${file} cannot be read.`, {
      hint: "ca=FILE names a PEM file that this user may read.",
      cause,
    });
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw usage("A % in the address is not followed by two hexadecimal digits.");
  }
}

function usage(message: string): JobrunnerError {
  return new JobrunnerError("USAGE", message, { hint: HINT });
}
