import type { Instance } from "../../consul/health.js";
import type { ServicePlan } from "../../consul/service.js";
import type { Member, Self } from "../membership.js";

/*
 * An agent as an instance in Consul. Limits of Consul: 64 pairs of Meta, keys of letters, digits,
 * _ and -, values of 512 characters.
 */

const PAIRS_MAX = 64;
const VALUE_MAX = 512;
const MAINTENANCE = "_service_maintenance:";

export function toInstance(
  { name, machine, version, url, tags, facts }: Omit<Self, "note">,
  service: string,
): Pick<ServicePlan, "name" | "address" | "port" | "tags" | "meta"> {
  const { hostname, port } = new URL(url);
  const pairs = Object.entries({ name, machine, version, url, ...facts })
    .slice(0, PAIRS_MAX)
    .map(([key, value]) => [key.replaceAll(/[^\w-]/g, "_"), cut(value)]);
  return {
    name: service,
    address: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || (url.startsWith("https:") ? 443 : 80)),
    tags: [`v${version}`, ...tags],
    meta: Object.fromEntries(pairs) as Record<string, string>,
  };
}

function cut(value: string): string {
  return value.length <= VALUE_MAX ? value : `${value.slice(0, VALUE_MAX - 1)}…`;
}

export function toMember({ id, address, port, tags, meta, checks, passing }: Instance): Member {
  const { name = id, machine, version, url, ...facts } = meta;
  const isDraining = checks.some((check) => check.id.startsWith(MAINTENANCE));
  const isBeating = checks.every((check) => check.status === "passing" || isMaintenance(check.id));
  return {
    name,
    url: url ?? `http://${address.includes(":") ? `[${address}]` : address}:${String(port)}`,
    state: passing ? "known" : isDraining && isBeating ? "draining" : "gone",
    tags: tags.filter((tag) => tag !== `v${version ?? ""}`),
    facts,
    ...(machine === undefined ? {} : { machine }),
    ...(version === undefined ? {} : { version }),
  };
}

function isMaintenance(check: string): boolean {
  return check.startsWith(MAINTENANCE);
}
