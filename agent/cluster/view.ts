import { arch, networkInterfaces, platform, totalmem } from "node:os";
import type { Self } from "../../cluster/membership.js";
import type { AgentView } from "../../common/wire.js";
import type { Config } from "../../config/config.js";
import type { AgentIdentity } from "../identity.js";

export interface SelfParts {
  readonly config: Config;
  readonly identity: AgentIdentity;
  readonly version: string;
  /** What the API listens on, as a URL. */
  readonly address: string;
}

/** What this agent tells the registry. */
export function selfOf({ config, identity, version, address }: SelfParts, doing: Doing): Self {
  const { agent, machine } = identity;
  return {
    ...{ name: agent, machine, version, url: advertisedUrl(config, address) },
    tags: [architecture(), platform(), `board-${kindOf(config.board)}`],
    facts: {
      arch: architecture(),
      os: platform(),
      memory_total: `${String(Math.round(totalmem() / 2 ** 20))}MiB`,
      slots: String(config.slots),
    },
    note: noteOf(doing),
  };
}

export interface Doing {
  readonly state: AgentView["state"];
  readonly slots: number;
  readonly jobs: readonly string[];
}

/** What this agent tells whoever asks it. */
export function viewOf({ note: _, ...self }: Self, { state, slots, jobs }: Doing): AgentView {
  return { ...self, state, slots: { total: slots, busy: jobs.length }, jobs };
}

/** One line for people who look at the registry. */
function noteOf({ state, slots, jobs }: Doing): string {
  const list = jobs.length === 0 ? "" : `: ${jobs.map((id) => id.slice(-8)).join(" ")}`;
  return `${state}, runs ${String(jobs.length)} of ${String(slots)}${list}`;
}

/** The address that others reach: of a wildcard, this machine's first one that is not loopback. */
function advertisedUrl({ advertise }: Config, address: string): string {
  if (advertise !== undefined) return advertise;
  const url = new URL(address);
  if (url.hostname !== "0.0.0.0" && url.hostname !== "[::]") return url.origin;
  const outward = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  return `http://${outward?.address ?? "127.0.0.1"}:${url.port}`;
}

function kindOf(board: string): string {
  const scheme = board.split(":", 1)[0] ?? "";
  return { sqlite: "embedded", rediss: "redis", "consul+https": "consul" }[scheme] ?? scheme;
}

function architecture(): string {
  return { x64: "x86_64", ia32: "x86" }[arch() as string] ?? arch();
}
