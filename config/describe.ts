import { formatClause } from "../common/job.js";
import { formatBytes } from "../common/text/bytes.js";
import { formatDuration } from "../common/text/duration.js";
import type { Loaded } from "./load.js";
import { partsOf } from "./parts.js";
import { withoutSecrets } from "./secrets.js";
import { isObject, type Path } from "./sources/source.js";

/** One setting in force, as people read it. */
export interface Described {
  readonly setting: string;
  /** Passwords and tokens replaced by ***. */
  readonly value: string;
  /** Where it, or each part of it, was written; undefined for a default. */
  readonly source?: string;
}

/** One setting in force. */
interface Row {
  readonly path: Path;
  /** As it is, secrets and all. */
  readonly real: unknown;
  /** For people. */
  readonly shown: string;
}

const HIDDEN = "***";

/** Every setting in force, with its source; nothing secret is in it. */
export function describeConfig(loaded: Loaded): readonly Described[] {
  return rowsOf(loaded).map(({ path, shown }) => described(loaded, path, shown));
}

/** What settings are put together from of which `describeConfig` tells as a whole. */
export function describeParts(loaded: Loaded): readonly Described[] {
  return Object.entries(partsOf(loaded)).map(([setting, shown]) =>
    described(loaded, setting.split("."), shown),
  );
}

function described(loaded: Loaded, path: Path, shown: string): Described {
  const setting = path.join(".");
  const written = loaded.merged.writtenAt(path).map(({ label }) => label);
  const taken = loaded.variables
    .filter((each) => each.setting === setting || each.setting.startsWith(`${setting}.`))
    .map(({ name }) => name);
  const source = [...new Set([...written, ...taken])].join(", ");
  const value = isSecret(loaded, path) ? HIDDEN : shown;
  return { setting, value, ...(source === "" ? {} : { source }) };
}

/** Settings that differ, secrets among them, with what they are now as it may be shown. */
export function changedSettings(before: Loaded, after: Loaded): ReadonlyMap<string, string> {
  const old = rowsOf(before).map(({ real }) => JSON.stringify(real));
  const described = describeConfig(after);
  const changed = rowsOf(after).flatMap(({ real }, index) => {
    const now = described[index];
    if (now === undefined || JSON.stringify(real) === old[index]) return [];
    return [[now.setting, now.value] as const];
  });
  return new Map(changed);
}

/** Always the same settings in the same order. */
function rowsOf(loaded: Loaded): readonly Row[] {
  const { config } = loaded;
  const { facts = {} } = loaded.settings;
  const row = (setting: string, real: unknown, shown = String(real ?? "")): Row => {
    return { path: setting.split("."), real, shown };
  };
  return [
    row("agent.name", config.name),
    row("agent.slots", config.slots),
    row("agent.runner", config.runner),
    row("agent.memory", config.memory, bytesOf(config.memory)),
    row("agent.tags", config.tags, pairs(loaded, ["agent", "tags"], config.tags)),
    row("agent.freePorts", config.freePorts, config.freePorts.join("-")),
    row("api.listen", `${config.host}:${String(config.port)}`),
    row("api.token", config.token, config.token === undefined ? "" : HIDDEN),
    row("api.tokens", config.tokens, config.tokens?.map(({ id }) => id).join(", ") ?? ""),
    row("api.tls", config.tls, config.tls === undefined ? "" : "https"),
    row("api.ca", config.ca, config.ca === undefined ? "" : "given"),
    row("api.advertise", config.advertise),
    row("api.streamsPerCaller", config.streamsPerCaller),
    row("peers", config.peers, config.peers.join(", ")),
    row("consul", config.registry, withoutSecrets(config.registry ?? "")),
    row("flows.dirs", config.flows, config.flows.join(", ")),
    row("facts", facts, isObject(facts) ? pairs(loaded, ["facts"], facts) : ""),
    row("board", config.board, withoutSecrets(config.board)),
    row("persistence", config.persistence, withoutSecrets(config.persistence)),
    row("claim.lease", config.leaseMs, formatDuration(config.leaseMs)),
    row("claim.patience", config.patienceMs, formatDuration(config.patienceMs)),
    row("drain.timeout", config.drainTimeoutMs, formatDuration(config.drainTimeoutMs)),
    row("retention.days", config.retention.days),
    row("retention.jobs", config.retention.jobs),
    row("retention.bytes", config.retention.bytes, bytesOf(config.retention.bytes)),
    row("logs.bytesPerJob", config.logs.bytesPerJob, formatBytes(config.logs.bytesPerJob)),
    row("onlyWhen", config.onlyWhen, config.onlyWhen.map(formatClause).join(", ")),
    row("hooks", config.hooks, config.hooks.map(hookText).join("; ")),
    row("log.level", config.logLevel),
  ];
}

function bytesOf(bytes: number | undefined): string {
  return bytes === undefined ? "" : formatBytes(bytes);
}

/** `FAILURE, REVERTED of deploy: https://example.org`. */
function hookText({ on, flows, shown }: Loaded["config"]["hooks"][number]): string {
  const of = flows === undefined ? "" : ` of ${flows.join(", ")}`;
  return `${on.join(", ")}${of}: ${shown}`;
}

/** `room=study gpu`. */
function pairs(loaded: Loaded, above: Path, values: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(values).map(([key, value]) => {
    if (isSecret(loaded, [...above, key])) return `${key}=${HIDDEN}`;
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return text === "" ? key : `${key}=${text}`;
  });
  return texts.join(" ");
}

function isSecret({ secret }: Loaded, path: Path): boolean {
  return secret.some((each) => each.join(".") === path.join("."));
}
