import { LIMITS } from "../limits.js";
import { JOB } from "./jobs.js";
import { list, named, type Schema, TEXT } from "./schema.js";
import { REQUIREMENT } from "./why.js";

/** Each job that waits is asked about clause by clause, so a page is short. */
export const AGENT_WHY_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    limit: { type: "integer", minimum: 1, maximum: LIMITS.pageWhy, default: LIMITS.whyJobs },
    cursor: {
      type: "string",
      description: "`nextCursor` of the page before.",
      pattern: "^[\\u0021-\\u007e]{1,512}$",
    },
  },
};

const WAITING = named("WaitingJob", {
  job: JOB,
  able: { type: "boolean", description: "Nothing of the job's own is missing there." },
  missing: list(REQUIREMENT),
});

export const AGENT_JOBS: Schema = named(
  "AgentJobs",
  {
    agent: TEXT,
    able: { type: "boolean", description: "It takes jobs at all now." },
    missing: { ...list(REQUIREMENT), description: "What keeps it from every job." },
    items: list(WAITING),
  },
  { nextCursor: TEXT },
);
