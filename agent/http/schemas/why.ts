import { JOB } from "./jobs.js";
import { AGENT_NAME } from "./names.js";
import { COUNT, LABELS, list, named, type Schema, shape, TEXT, TEXTS, TIME } from "./schema.js";

/** `here`: what this agent says alone, without asking the others. */
export const WHY_QUERY = {
  type: "object",
  additionalProperties: false,
  properties: {
    here: { enum: ["true"], description: "Without asking the other agents." },
    agent: {
      ...AGENT_NAME,
      description: "Only what that agent says; self: the one that is asked.",
    },
  },
} as const satisfies Schema;

export const REQUIREMENT = named(
  "Requirement",
  {
    what: { ...TEXT, description: "A capability, or in words: free slot." },
    verdict: { type: "string", enum: ["yes", "no", "unknown"] },
  },
  { observed: TEXT, needed: TEXT, help: TEXT },
);

const LAST_KNOWN = shape({ facts: LABELS }, { tags: TEXTS, heardAt: TIME, asleepSince: TIME });

export const AGENT_WHY = named(
  "AgentWhy",
  { agent: TEXT, able: { type: "boolean" }, requirements: list(REQUIREMENT) },
  { last: LAST_KNOWN },
);

export const OTHERS_NOTE = { ...TEXT, description: "Why the others were not asked." } as const;

export const WHY: Schema = named(
  "Why",
  {
    job: JOB,
    needs: TEXTS,
    possible: {
      type: "boolean",
      description: "It is over, somebody works on it, or some agent may take it now.",
    },
    obstacles: list(shape({ why: TEXT }, { help: TEXT })),
    agents: list(AGENT_WHY),
  },
  {
    owner: TEXT,
    leaseMs: COUNT,
    trouble: { ...TEXT, description: "Why nobody works on it although it has an owner." },
    note: OTHERS_NOTE,
    closest: {
      ...shape({ agent: TEXT, short: COUNT }),
      description: "When no agent is able: the one that lacks the fewest things, and how many.",
    },
  },
);
