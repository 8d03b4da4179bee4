import { formatClause } from "../common/job.js";
import { formatDuration } from "../common/text/duration.js";
import type { Config } from "./config.js";
import type { Loaded } from "./load.js";
import type { Path } from "./sources/source.js";

/** One setting in force, as people read it. */
export interface Described {
  readonly setting: string;
  /** Passwords and tokens replaced by ***. */
  readonly value: string;
  /** Where it was written; undefined for a default. */
  readonly source?: string;
}

/** Every setting in force, with its source; nothing secret is in it. */
export function describeConfig({ config, merged, secret }: Loaded): readonly Described[] {
  const rows: readonly (readonly [Path, string])[] = [
    [["agent", "name"], config.name],
    [["agent", "slots"], String(config.slots)],
    [["agent", "runner"], config.runner],
    [["agent", "memory"], config.memory === undefined ? "" : `${String(config.memory)} bytes`],
    [
      ["agent", "tags"],
      Object.entries(config.tags)
        .map((tag) => tag.join("="))
        .join(" "),
    ],
    [["api", "listen"], `${config.host}:${String(config.port)}`],
    [["api", "token"], config.token === undefined ? "" : "***"],
    [["api", "tokens"], config.tokens?.map(({ id }) => id).join(", ") ?? ""],
    [["api", "tls"], config.tls === undefined ? "" : "https"],
    [["api", "ca"], config.ca === undefined ? "" : "given"],
    [["api", "advertise"], config.advertise ?? ""],
    [["peers"], config.peers.join(", ")],
    [["consul"], withoutSecrets(config.registry ?? "")],
    [["flows", "dirs"], config.flows.join(", ")],
    [["board"], withoutSecrets(config.board)],
    [["persistence"], withoutSecrets(config.persistence)],
    [["claim", "lease"], formatDuration(config.leaseMs)],
    [["drain", "timeout"], formatDuration(config.drainTimeoutMs)],
    [["retention"], retentionOf(config)],
    [["onlyWhen"], config.onlyWhen.map(formatClause).join(", ")],
    [["log", "level"], config.logLevel],
  ];
  return rows.map(([path, value]) => {
    const source = merged.place(path)?.label;
    const hidden = secret.some((each) => each.join(".") === path.join("."));
    const setting = path.join(".");
    return { setting, value: hidden ? "***" : value, ...(source === undefined ? {} : { source }) };
  });
}

function retentionOf({ retention: { days, jobs, bytes } }: Config): string {
  return `${String(days)} days, ${String(jobs)} jobs, ${String(bytes)} bytes`;
}

/** A URL as it may be shown: without its password and token. */
export function withoutSecrets(url: string): string {
  return url
    .replace(/^([a-z+]+:\/\/[^/@]*?):[^/@]*@/, "$1:***@")
    .replace(/([?&]token=)[^&]*/, "$1***");
}
