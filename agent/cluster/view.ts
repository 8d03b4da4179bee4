import { networkInterfaces } from "node:os";
import type { Self } from "../../cluster/membership.js";
import { formatBytes } from "../../common/text/bytes.js";
import type { AgentView } from "../../common/wire.js";
import type { Config } from "../../config/config.js";
import type { Facts } from "../../facts/facts.js";
import { createSteady } from "../../facts/told/steady.js";
import { describeFacts, lastingFacts } from "../../facts/told/texts.js";
import { kindOf } from "./kind.js";
import type { AgentIdentity } from "../identity.js";

export interface SelfParts {
  readonly config: Config;
  readonly identity: AgentIdentity;
  readonly facts: Facts;
  readonly version: string;
  /** What the API listens on, as a URL. */
  address(): string;
  doing(): Doing;
}

/** What an agent does now. */
export interface Doing {
  readonly state: "ready" | "paused" | "cordoned" | "draining" | "asleep";
  /** Why it is in this state. */
  readonly note?: string;
  readonly slots: number;
  /** Ids of the jobs that run here. */
  readonly jobs: readonly string[];
}

/** This agent, as others are told of it. */
export interface SelfPortrait {
  /** For the registry: what costs a write there changes seldom. */
  forRegistry(): Self;
  /** For whoever asks it: everything, as it is now. */
  view(): AgentView;
}

export function createPortrait(parts: SelfParts): SelfPortrait {
  const { identity, facts, version } = parts;
  const steady = createSteady();
  const base = (texts: Readonly<Record<string, string>>): Omit<Self, "facts" | "note"> => ({
    ...{ name: identity.agent, machine: identity.machine, version },
    url: advertisedUrl(parts.config, parts.address()),
    tags: tagsOf(parts.config, texts),
  });
  return {
    forRegistry() {
      const { slots } = parts.doing();
      const texts = { slots: String(slots), ...lastingFacts(facts, steady) };
      return { ...base(texts), facts: texts, note: noteOf(parts) };
    },
    view() {
      const { state, note, slots, jobs } = parts.doing();
      const texts = describeFacts(facts);
      return {
        ...base(texts),
        facts: texts,
        state,
        ...(note === undefined ? {} : { note }),
        slots: { total: slots, busy: jobs.length },
        jobs,
      };
    },
  };
}

/** Short words: processor, system, what its owner calls it, board. */
function tagsOf(
  { board, tags }: Config,
  { arch, os }: Readonly<Record<string, string>>,
): readonly string[] {
  const known = [arch, os].flatMap((each) =>
    each === undefined || each.startsWith("unknown") ? [] : [each],
  );
  const given = Object.entries(tags).map(([key, value]) =>
    value === "" ? key : `${key}=${value}`,
  );
  return [...known, ...given, `board-${kindOf(board)}`];
}

/** Some lines for people who look at the registry, with the time up to which they hold. */
function noteOf({ facts, version, doing }: SelfParts): string {
  const { state, note, slots, jobs } = doing();
  const [load, free] = [facts.get("load"), facts.get("memory_free")];
  const machine = [
    "known" in load ? [`load ${load.known.toFixed(1)}`] : [],
    "known" in free ? [`${formatBytes(free.known)} of memory free`] : [],
  ].flat();
  return [
    `${state}, ${jobs.length} of ${slots} slots busy, jobrunner ${version}`,
    ...(note === undefined ? [] : [note]),
    ...(jobs.length === 0 ? [] : [`runs ${jobs.map((id) => id.slice(-8)).join(" ")}`]),
    ...(machine.length === 0 ? [] : [machine.join(", ")]),
  ].join("\n");
}

/** The address that others reach: of a wildcard, this machine's first one that is not loopback. */
function advertisedUrl({ advertise, host }: Config, address: string): string {
  if (advertise !== undefined) return advertise;
  const url = new URL(address);
  // Not the address: of a wildcard it says the loopback, where others find themselves.
  if (!WILDCARDS.includes(host)) return url.origin;
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  return `${url.protocol}//${outward?.address ?? "127.0.0.1"}:${url.port}`;
}

const WILDCARDS: readonly string[] = ["0.0.0.0", "::", "[::]"];
