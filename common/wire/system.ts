import type { AgentState, AgentWhyView } from "../wire.js";

/** `GET /v1/status`: the agent that is asked. */
export interface StatusView {
  readonly agent: string;
  readonly version: string;
  /** Of Node. */
  readonly node: string;
  readonly startedAt: string;
  readonly state: AgentState;
  /** Why it is in this state. */
  readonly note?: string;
  /** Kinds: embedded, redis, consul; embedded, mysql. */
  readonly board: string;
  readonly persistence: string;
  readonly slots: { readonly total: number; readonly busy: number };
  /** Jobs of the cluster that are not over, by state; missing while the database is away. */
  readonly jobs?: Readonly<Record<string, number>>;
}

/** Something a job may ask of a machine. */
export interface CapabilityView {
  readonly name: string;
  readonly summary: string;
  /** Its arguments as people write them. */
  readonly usage: string;
  /** Facts it looks at. */
  readonly needs: readonly string[];
  readonly cost: "cheap" | "dear";
  readonly exclusive: boolean;
  /** How long a verdict holds; missing when it cannot change while the agent runs. */
  readonly cacheMs?: number;
  /** The plugin that defines it; none for a built-in one. */
  readonly file?: string;
}

export interface CapabilitiesView {
  readonly items: readonly CapabilityView[];
}

/** `GET /v1/capabilities:test`: whether it is so, agent by agent. */
export interface CapabilityTestView {
  readonly clause: string;
  /** It is so at one of them. */
  readonly possible: boolean;
  readonly agents: readonly AgentWhyView[];
  /** Why the others were not asked. */
  readonly note?: string;
}
