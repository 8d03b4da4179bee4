import { satisfies } from "../../common/text/version-range.js";

interface Package {
  readonly dev?: boolean;
  readonly resolved?: string;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
}

export interface Lock {
  readonly packages: Readonly<Record<string, Package>>;
}

export interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** The Node versions jobrunner promises: the oldest of each line it runs on. */
export const NODES = ["20.19.0", "22.13.0", "24.0.0"] as const;

/** What would make an installation run somebody's script, or fail on a promised Node. */
export function checkProduction(lock: Lock): readonly string[] {
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.dev !== true)
    .flatMap(([path, entry]) => [...checkScripts(path, entry), ...checkEngines(path, entry)]);
}

function checkScripts(path: string, entry: Package): readonly string[] {
  return entry.hasInstallScript === true ? [`${path} has an install script`] : [];
}

function checkEngines(path: string, entry: Package): readonly string[] {
  const range = entry.engines?.node;
  if (range === undefined) return [];
  return NODES.filter((node) => !satisfies(node, range)).map(
    (node) => `${path || "the package itself"} excludes Node ${node}: ${range}`,
  );
}

/** A lock that names a registry makes everybody else's npm ask that one. */
export function checkRegistry(lock: Lock): readonly string[] {
  return Object.entries(lock.packages)
    .filter(([, entry]) => entry.resolved !== undefined)
    .map(([path, entry]) => `${path} is locked to ${String(entry.resolved)}`);
}

/**
 * Packages that another one asks for and the lock does not know: `npm ci` refuses such a lock.
 * It happens to binaries of other systems, when the lock is written by a npm that cannot see them.
 */
export function checkComplete(lock: Lock): readonly string[] {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    [entry.dependencies ?? {}, entry.optionalDependencies ?? {}]
      .flatMap(Object.keys)
      .filter((name) => !isKnown(lock, path, name))
      .map((name) => `${path} asks for ${name}, which is not in the lock`),
  );
}

/** Node looks beside the one who asks first, then one folder up, and so on. */
function isKnown(lock: Lock, path: string, name: string): boolean {
  const own = `${path === "" ? "" : `${path}/`}node_modules/${name}`;
  if (lock.packages[own] !== undefined) return true;
  if (path === "") return false;
  return isKnown(lock, path.slice(0, Math.max(0, path.lastIndexOf("node_modules/") - 1)), name);
}

/** Every runtime dependency needs a line of its own, ``- `name` ...``, that says why. */
export function checkReasons(manifest: Manifest, page: string): readonly string[] {
  const names = [manifest.dependencies ?? {}, manifest.optionalDependencies ?? {}].flatMap(
    Object.keys,
  );
  const said = [...page.matchAll(/^- `([^`]+)`[^\n]{20,}/gm)].map((match) => match[1] ?? "");
  return [
    ...names.filter((name) => !said.includes(name)).map((name) => `${name} has no reason`),
    ...said.filter((name) => !names.includes(name)).map((name) => `${name} is not a dependency`),
  ];
}

/** Codes of the page (first cells of its table) against those of the code. */
export function checkCodes(codes: readonly string[], page: string): readonly string[] {
  const written = [...page.matchAll(/^\| `([A-Z_]+)` \|/gm)].map((match) => match[1] ?? "");
  return [
    ...codes.filter((code) => !written.includes(code)).map((code) => `${code} is not documented`),
    ...written.filter((code) => !codes.includes(code)).map((code) => `${code} is not a code`),
  ];
}
