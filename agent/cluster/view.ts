import type { Logger } from "pino";
import type { Self } from "../../cluster/membership.js";
import { formatBytes } from "../../common/text/bytes.js";
import type { AgentView } from "../../common/wire.js";
import type { Config } from "../../config/config.js";
import type { Facts } from "../../facts/facts.js";
import { createSteady } from "../../facts/told/steady.js";
import { describeFacts, type FactTexts, lastingFacts } from "../../facts/told/texts.js";
import { kindOf } from "./kind.js";
import type { AgentIdentity } from "../identity.js";
import { reachOf } from "./reach.js";

export interface SelfParts {
  readonly config: Config;
  readonly identity: AgentIdentity;
  readonly facts: Facts;
  readonly version: string;
  readonly log: Pick<Logger, "warn">;
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
  const { identity, facts, version, config, log } = parts;
  const steady = createSteady();
  let told: string | undefined;
  // Asked for at every beat, and seldom another: put into words once.
  let lasting: FactTexts | undefined;
  facts.onChange(() => (lasting = undefined));
  const base = (texts: Readonly<Record<string, string>>): Omit<Self, "facts" | "note" | "url"> => ({
    ...{ name: identity.agent, machine: identity.machine, version },
    tags: tagsOf(parts, texts),
  });
  return {
    forRegistry() {
      const { slots } = parts.doing();
      lasting ??= lastingFacts(facts, steady);
      const texts = { slots: String(slots), ...lasting };
      const { url, trouble } = reachOf(config, parts.address());
      if (trouble !== undefined && trouble !== told) {
        log.warn({ why: trouble }, "agents of other machines cannot ask this one; jobs go on");
      }
      told = trouble;
      return {
        ...{ ...base(texts), facts: texts, note: noteOf(parts, trouble) },
        ...(url === undefined ? {} : { url }),
      };
    },
    view() {
      const { state, note, slots, jobs } = parts.doing();
      const texts = describeFacts(facts);
      return {
        ...{ ...base(texts), facts: texts, state },
        // Who asks has reached it, if only from its own machine.
        url: reachOf(config, parts.address()).url ?? new URL(parts.address()).origin,
        ...(note === undefined ? {} : { note }),
        slots: { total: slots, busy: jobs.length },
        jobs,
      };
    },
  };
}

/** Short words: processor, system, what its owner calls it, board. */
function tagsOf(
  { config, facts }: SelfParts,
  { arch, os }: Readonly<Record<string, string>>,
): readonly string[] {
  const known = [arch, os].flatMap((each) =>
    each === undefined || each.startsWith("unknown") ? [] : [each],
  );
  const tags = facts.get("tags");
  const given = Object.entries("known" in tags ? tags.known : {}).map(([key, value]) =>
    value === "" ? key : `${key}=${value}`,
  );
  return [...known, ...given, `board-${kindOf(config.board)}`];
}

/** Some lines for people who look at the registry, with the time up to which they hold. */
function noteOf({ facts, version, doing }: SelfParts, trouble: string | undefined): string {
  const { state, note, slots, jobs } = doing();
  const [load, free] = [facts.get("load"), facts.get("memory_free")];
  const machine = [
    "known" in load ? [`load ${load.known.toFixed(1)}`] : [],
    "known" in free ? [`${formatBytes(free.known)} of memory free`] : [],
  ].flat();
  return [
    `${state}, ${jobs.length} of ${slots} slots busy, jobrunner ${version}`,
    ...[note, trouble].filter((each) => each !== undefined),
    ...(jobs.length === 0 ? [] : [`runs ${jobs.map((id) => id.slice(-8)).join(" ")}`]),
    ...(machine.length === 0 ? [] : [machine.join(", ")]),
  ].join("\n");
}
