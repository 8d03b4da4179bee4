import { formatBytes } from "../../common/text/bytes.js";
import type { Fact, FactName, FactTable } from "../fact.js";
import type { Facts } from "../facts.js";
import { isKnown } from "../look.js";
import { EXACT, type Steady } from "./steady.js";

/*
 * Facts as people read them. Ports are left out: they are many, and only those that a job asks for
 * matter. Name and tags of the agent are told elsewhere.
 */

type ToldName = Exclude<FactName, "agent" | "tags" | "listening_ports" | "free_ports">;

/** What goes into a registry: the load never stands still. */
const LASTING: readonly ToldName[] = [
  ...(["arch", "os", "kernel", "node_version", "cpu_model", "cpu_count"] as const),
  ...(["memory_total", "memory_free", "disk_free", "battery", "on_mains", "gpus"] as const),
  ...(["container", "virtual_machine", "programs", "addresses"] as const),
];
const ALL: readonly ToldName[] = [...LASTING, "load"];

/** Why nobody knows a fact, in so many characters at most. */
const REASON_MAX = 80;
/** In a list: the first ones; jobs may have asked for many more. */
const ITEMS_MAX = 8;
/** Names of Node that people know under others. */
export const ARCHS: Readonly<Record<string, string>> = { x64: "x86_64", ia32: "x86" };
export const SYSTEMS: Readonly<Record<string, string>> = { darwin: "macos", win32: "windows" };

export type FactTexts = Readonly<Record<string, string>>;

/** Everything that is told of the machine, as it is now. */
export function describeFacts(facts: Pick<Facts, "get">): FactTexts {
  return texts(facts, ALL, EXACT);
}

/** What changes seldom, or is rounded so that it does: for who pays for each change. */
export function lastingFacts(facts: Pick<Facts, "get">, steady: Steady): FactTexts {
  return texts(facts, LASTING, steady);
}

function texts(facts: Pick<Facts, "get">, names: readonly ToldName[], steady: Steady): FactTexts {
  const total = facts.get("memory_total");
  const parts = { steady, totalBytes: isKnown(total) ? total.known : undefined };
  const all = names.map((name) => [name, textOf(name, facts.get(name), parts)] as const);
  const macs = ["macs", macsOf(facts)] as const;
  return Object.fromEntries([...all, macs].filter(([, text]) => text !== ""));
}

/** By these a machine that sleeps may be woken from its network. */
function macsOf(facts: Pick<Facts, "get">): string {
  const addresses = facts.get("addresses");
  return isKnown(addresses) ? list([...new Set(addresses.known.map(({ mac }) => mac))]) : "";
}

interface Parts {
  readonly steady: Steady;
  readonly totalBytes: number | undefined;
}

function textOf<N extends ToldName>(name: N, fact: Fact<FactTable[N]>, parts: Parts): string {
  if (isKnown(fact)) return FORMS[name](fact.known, parts);
  if (fact.unknown === "not looked at yet") return ""; // It soon will be.
  return `unknown: ${fact.unknown}`.slice(0, REASON_MAX);
}

const plain = (value: string | number): string => String(value);
const kind = (value: string | null): string => value ?? "none";
const list = (items: readonly string[]): string =>
  items.length <= ITEMS_MAX
    ? items.join(", ")
    : `${items.slice(0, ITEMS_MAX).join(", ")} and ${items.length - ITEMS_MAX} more`;

/** Empty texts are left out. */
const FORMS: { readonly [N in ToldName]: (value: FactTable[N], parts: Parts) => string } = {
  arch: (arch) => ARCHS[arch] ?? arch,
  os: (os) => SYSTEMS[os] ?? os,
  kernel: plain,
  node_version: plain,
  cpu_model: plain,
  cpu_count: plain,
  memory_total: formatBytes,
  memory_free: (bytes, { steady, totalBytes }) =>
    formatBytes(steady("memory", bytes, totalBytes === undefined ? "doubling" : totalBytes / 4)),
  load: (load) => load.toFixed(1),
  disk_free: (paths, { steady }) =>
    list(
      Object.entries(paths).map(
        ([path, bytes]) => `${path} ${formatBytes(steady(`disk ${path}`, bytes, "doubling"))}`,
      ),
    ),
  battery: (percent, { steady }) =>
    percent === null ? "none" : `${steady("battery", percent, 25)} %`,
  on_mains: (is) => (is ? "yes" : "no"),
  gpus: (gpus) => (gpus.length === 0 ? "none" : list(gpus)),
  container: kind,
  virtual_machine: kind,
  programs: (programs) =>
    list(Object.entries(programs).map(([name, path]) => (path === null ? `no ${name}` : name))),
  addresses: (all) => list(all.map((each) => `${each.interface} ${each.address}`)),
};
