import { COUNT, LABELS, list, named, type Schema, shape, TEXT, TEXTS, TIME } from "./schema.js";

/** `self` is the agent that is asked. */
export const AGENT_PARAMS: Schema = {
  type: "object",
  required: ["name"],
  properties: {
    name: {
      type: "string",
      description: "Its name, or `self` for the one that is asked.",
      pattern: "^[a-z0-9][a-z0-9_.:-]{0,63}$",
    },
  },
};

const AGENT_STATES = [
  ...["ready", "paused", "cordoned", "draining", "asleep", "unreachable", "gone"],
] as const;

const agent = {
  state: { type: "string", enum: AGENT_STATES },
  url: { ...TEXT, description: "Where its API answers." },
  tags: TEXTS,
  facts: LABELS,
} as const;

const more = {
  machine: TEXT,
  version: TEXT,
  slots: shape({ total: COUNT, busy: COUNT }),
  jobs: { ...TEXTS, description: "Ids of the jobs that run there." },
  note: { ...TEXT, description: "Why it is in this state." },
  heardAt: TIME,
  asleepSince: TIME,
} as const;

export const AGENT: Schema = named("Agent", { name: TEXT, ...agent }, more);

export const AGENTS: Schema = named("Agents", { items: list(AGENT) });
