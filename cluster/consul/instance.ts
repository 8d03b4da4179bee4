import type { Check, Instance } from "../../consul/health.js";
import { NODE_MAINTENANCE, SERVICE_MAINTENANCE, type ServicePlan } from "../../consul/service.js";
import type { Member, Self } from "../membership.js";

/*
 * An agent as an instance in Consul. Limits of Consul: 64 pairs of Meta, keys of 128 letters,
 * digits, _ and -, values of 512 bytes: it refuses an instance that has a longer one.
 */

const PAIRS_MAX = 64;
const KEY_MAX = 128;
const VALUE_BYTES_MAX = 512;
const CUT_MARK = "…";
/** They stand in one line of Consul's list of services. */
const TAGS_MAX = 16;
/** Consul's own check that a machine is there. */
const NODE_CHECK = "serfHealth";

/** An agent is gone when it has not beaten for so long, ms. */
export const TTL_MS = 30_000;

/** Since when its machine sleeps; only while it does. */
const ASLEEP = "asleep_since";

/** The same agent, of which nothing more will be heard before its machine wakes. */
export function fallenAsleep(self: Self, since: number): Self {
  const at = new Date(since).toISOString();
  const { macs = "unknown" } = self.facts;
  const note = `asleep since ${at}; network addresses by which it may be woken: ${macs}`;
  return { ...self, note, facts: { [ASLEEP]: at, ...self.facts } };
}

/** What stands in the catalog. */
export function toInstance(
  { name, machine, version, url, tags, facts }: Omit<Self, "note">,
  service: string,
): Pick<ServicePlan, "name" | "address" | "port" | "tags" | "meta"> {
  const pairs = Object.entries({
    name,
    machine,
    version,
    ...(url === undefined ? {} : { url }),
    ...facts,
  })
    .slice(0, PAIRS_MAX)
    .map(([key, value]) => [key.replaceAll(/[^\w-]/g, "_").slice(0, KEY_MAX), cut(value)]);
  return {
    name: service,
    ...(url === undefined ? {} : placeOf(url)),
    tags: [`v${version}`, ...tags].slice(0, TAGS_MAX),
    meta: Object.fromEntries(pairs) as Record<string, string>,
  };
}

function placeOf(url: string): Pick<ServicePlan, "address" | "port"> {
  const { hostname, port } = new URL(url);
  return {
    address: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port || (url.startsWith("https:") ? 443 : 80)),
  };
}

function cut(value: string): string {
  if (Buffer.byteLength(value) <= VALUE_BYTES_MAX) return value;
  const room = new Uint8Array(VALUE_BYTES_MAX - Buffer.byteLength(CUT_MARK));
  // No part of a character is written, nor counted as read.
  const { read } = new TextEncoder().encodeInto(value, room);
  return value.slice(0, read) + CUT_MARK;
}

/** A beat's text, with the time at which it was said: that of the last beat stays. */
export function toOutput(note: string, now: number): string {
  return `${note}\nas of ${new Date(now).toISOString()}`;
}

/** `now`: ms since 1970. */
export function toMember({ id, tags, meta, checks }: Instance, now: number): Member {
  const { name = id, machine, version, url, [ASLEEP]: asleep, ...facts } = meta;
  const asleepSince = timeOf(asleep);
  const state = asleepSince === undefined ? stateOf(id, checks) : "asleep";
  const said = heardOf(checks.find((check) => check.id === id));
  // Of one that beats the servers have an old text: its beats stay with its Consul agent.
  const isHeard = state === "known" || state === "draining";
  const heardAt = said === undefined || !isHeard ? said : Math.max(said, now - TTL_MS);
  return {
    ...{ name, state },
    tags: tags.filter((tag) => tag !== `v${version ?? ""}`),
    facts,
    ...(url === undefined ? {} : { url }),
    ...(machine === undefined ? {} : { machine }),
    ...(version === undefined ? {} : { version }),
    ...(heardAt === undefined ? {} : { heardAt }),
    ...(asleepSince === undefined ? {} : { asleepSince }),
  };
}

/** Other checks of the node, or whether Consul's agent reaches the API, say nothing about jobs. */
function stateOf(id: string, checks: readonly Check[]): Member["state"] {
  const isGone = checks.some(
    (check) => (check.id === id || check.id === NODE_CHECK) && check.status === "critical",
  );
  if (isGone) return "gone";
  return checks.some(isMaintenance) ? "draining" : "known";
}

function isMaintenance({ id }: Check): boolean {
  return id === NODE_MAINTENANCE || id.startsWith(`${SERVICE_MAINTENANCE}:`);
}

/** Consul keeps the last beat's text when no further one comes. */
function heardOf(beat: Check | undefined): number | undefined {
  return timeOf(/^as of (\S+)$/m.exec(beat?.output ?? "")?.[1]);
}

function timeOf(text: string | undefined): number | undefined {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? undefined : at;
}
