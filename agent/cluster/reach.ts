import { hostname, networkInterfaces } from "node:os";
import { isLoopback } from "../../common/loopback.js";
import type { Config } from "../../config/config.js";

/** Where agents of other machines reach this one; `trouble`: why nobody does, and what to do. */
export type Reach =
  | { readonly url: string; readonly trouble?: never }
  | { readonly url?: never; readonly trouble: string };

type Where = Pick<Config, "advertise" | "host" | "registry">;
type Interfaces = ReturnType<typeof networkInterfaces>;

/**
 * The address for the registry. What says the loopback is told only to a registry of this machine:
 * on any other machine it would be that machine's own agent.
 */
export function reachOf(
  { advertise, host, registry }: Where,
  address: string,
  interfaces: () => Interfaces = networkInterfaces,
): Reach {
  if (advertise !== undefined) return { url: advertise };
  const { origin, protocol, hostname: at, port } = new URL(address);
  const isWild = WILDCARDS.includes(host);
  // Asked again at every beat: only where the answer matters.
  const isLocal = isLoopback(at) && !isWild;
  const own = isLocal && isHere(registry, []) ? undefined : addressesOf(interfaces);
  // Not the address: of a wildcard it says the loopback, where others find themselves.
  const outward = isWild ? own?.outward : origin.replace(/^https?:\/\/|:\d+$/g, "");
  if (outward !== undefined && !isLocal) {
    return { url: `${protocol}//${outward}:${port}` };
  }
  if (isHere(registry, own?.all ?? [])) return { url: origin };
  if (!isWild) return { trouble: "its API listens on its own machine only (api.listen)" };
  const why = own === undefined ? "the system hides its addresses" : "it has no address now";
  return { trouble: `${why}: set api.advertise to a URL that others reach` };
}

const WILDCARDS: readonly string[] = ["0.0.0.0", "::", "[::]"];

/** Undefined when the system does not tell, as Android 11 and newer. */
function addressesOf(
  interfaces: () => Interfaces,
): { readonly all: readonly string[]; readonly outward: string | undefined } | undefined {
  try {
    const all = Object.values(interfaces()).flatMap((each) => each ?? []);
    const outward = all.find(({ internal, family }) => !internal && family === "IPv4");
    return { all: all.map((each) => each.address), outward: outward?.address };
  } catch {
    return undefined; // Told by whoever asks for an address.
  }
}

function isHere(registry: string | undefined, own: readonly string[]): boolean {
  if (registry === undefined) return true;
  const host = new URL(registry).hostname.replace(/^\[(.*)\]$/, "$1");
  return host === "" || isLoopback(host) || host === hostname() || own.includes(host);
}
