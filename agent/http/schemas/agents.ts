import {
  ANY,
  COUNT,
  LABELS,
  list,
  named,
  type Schema,
  shape,
  TEXT,
  TEXTS,
  TIME,
} from "./schema.js";

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

export const AGENT_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    brief: { enum: ["true"], description: "Without the snapshot of its facts." },
  },
};

const AGENT_STATES = [
  ...["ready", "paused", "cordoned", "draining", "asleep", "unreachable", "gone"],
] as const;

const agent = {
  state: { type: "string", enum: AGENT_STATES },
  tags: TEXTS,
  facts: LABELS,
} as const;

const more = {
  url: {
    ...TEXT,
    description: "Where its API answers; none when only its own machine reaches it.",
  },
  machine: TEXT,
  version: TEXT,
  slots: shape({ total: COUNT, busy: COUNT }),
  jobs: { ...TEXTS, description: "Ids of the jobs that run there." },
  note: { ...TEXT, description: "Why it is in this state." },
  heardAt: TIME,
  asleepSince: TIME,
  snapshot: {
    type: "object",
    description: "Its facts for programs: a value, or why it is unknown.",
    additionalProperties: {
      anyOf: [
        shape({ value: ANY }, { unit: { type: "string", enum: ["bytes", "percent"] }, at: TIME }),
        shape({ unknown: TEXT }),
      ],
    },
  },
} as const;

export const AGENT: Schema = named("Agent", { name: TEXT, ...agent }, more);

export const AGENTS: Schema = named("Agents", { items: list(AGENT) });

/** `here`: this agent does it alone, without asking the others. */
export const FORGET_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: { here: { enum: ["true"], description: "Without asking the other agents." } },
};

export const FORGOTTEN: Schema = named("Forgotten", {
  agent: TEXT,
  forgotten: {
    type: "boolean",
    description: "False: it may be listed again when its machine's registry comes back.",
  },
});
