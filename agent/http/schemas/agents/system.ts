import { COUNT, list, named, type Schema, shape, TEXT, TEXTS, TIME } from "../schema.js";
import { AGENT_WHY, OTHERS_NOTE, WHY_QUERY } from "../why.js";
import { AGENT_STATES } from "./agents.js";

export const STATUS: Schema = named(
  "Status",
  {
    agent: TEXT,
    version: TEXT,
    node: TEXT,
    startedAt: TIME,
    state: { type: "string", enum: AGENT_STATES },
    board: { ...TEXT, description: "embedded, redis or consul." },
    persistence: { ...TEXT, description: "embedded or mysql." },
    slots: shape({ total: COUNT, busy: COUNT }),
  },
  {
    note: TEXT,
    jobs: {
      type: "object",
      description: "Jobs of the cluster that are not over, by state.",
      additionalProperties: COUNT,
    },
  },
);

export const CAPABILITIES: Schema = named("Capabilities", {
  items: list(
    named(
      "Capability",
      {
        name: TEXT,
        summary: TEXT,
        usage: { ...TEXT, description: "Its arguments as people write them." },
        needs: { ...TEXTS, description: "Facts it looks at." },
        cost: { type: "string", enum: ["cheap", "dear"] },
        exclusive: { type: "boolean" },
      },
      {
        cacheMs: COUNT,
        file: { ...TEXT, description: "The plugin that defines it; none for a built-in one." },
      },
    ),
  ),
});

export const TEST_QUERY: Schema = {
  type: "object",
  required: ["clause"],
  additionalProperties: false,
  properties: {
    clause: {
      type: "string",
      description: "A capability: name or name(arguments).",
      minLength: 1,
      maxLength: 256,
    },
    ...WHY_QUERY.properties,
  },
};

export const CAPABILITY_TEST: Schema = named(
  "CapabilityTest",
  {
    clause: TEXT,
    possible: { type: "boolean", description: "It is so at one of the agents." },
    agents: list(AGENT_WHY),
  },
  { note: OTHERS_NOTE },
);

export const METRICS: Schema = { content: { "text/plain": { schema: TEXT } } };
