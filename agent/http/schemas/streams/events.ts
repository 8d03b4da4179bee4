import { EVENT_TYPES } from "../../../../common/wire/events.js";
import { LIMITS } from "../../limits.js";
import { FAILURE } from "../job-detail.js";
import { JOB_PARAMS, JOB_SOMETIMES } from "../jobs.js";
import { FLOW_NAME } from "../names.js";
import { COUNT, list, named, type Schema, TEXT, TIME } from "../schema.js";

const limit = { type: "integer", minimum: 1, maximum: LIMITS.pageEvents, default: 100 } as const;

const place = {
  type: "string",
  description: "Go on after this cursor.",
  pattern: "^[A-Za-z0-9_.:,~-]{0,8192}$",
} as const;

/** What a browser sends by itself when it connects again. */
export const RESUME: Schema = {
  type: "object",
  properties: { "last-event-id": { ...place, description: "As `after`, which gives way to it." } },
};

export const JOB_EVENTS_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    after: {
      type: "string",
      description: "Go on after this event, `SEQ.INDEX`, or after this entry of the journal.",
      pattern: "^\\d{1,12}(?:\\.\\d{1,6})?$",
    },
    limit,
  },
};

export const EVENTS_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    job: { ...idOf(JOB_PARAMS), description: "Only of this job." },
    flow: { ...FLOW_NAME, description: "Only of jobs of this flow." },
    types: {
      type: "string",
      description: "Only these types, with commas between; `job.*` is all that begin so.",
      pattern: "^[a-z*.]{1,32}(?:,[a-z*.]{1,32}){0,63}$",
    },
    scope: { enum: ["self"], description: "Of the agent that is asked alone; as a page, too." },
    after: place,
    limit,
  },
};

function idOf({ properties }: Schema): Schema {
  return (properties as { readonly id: Schema }).id;
}

const STATE = { type: ["string", "integer"] } as const;

const EVENT = named(
  "Event",
  { type: { type: "string", enum: EVENT_TYPES }, at: TIME, cursor: TEXT },
  {
    ...{ agent: TEXT, job: TEXT, flow: TEXT, version: COUNT, name: TEXT, atom: TEXT, retry: TEXT },
    ...{ from: STATE, to: STATE, token: COUNT, seq: COUNT, decision: TEXT, until: TIME },
    ...{ request: JOB_SOMETIMES.request, revert: { type: "boolean" }, failure: FAILURE },
    ...{ priority: { type: "integer" }, count: COUNT },
    ...{ fraction: { type: "number" }, note: TEXT, reason: TEXT, file: TEXT, observer: TEXT },
  },
);

const EVENTS = named(
  "Events",
  { items: list(EVENT), nextCursor: TEXT },
  { ended: { type: "boolean" }, reset: { type: "boolean" } },
);

/** A page, or a stream of server-sent events without an end. */
export const EVENTS_ANSWER: Schema = {
  content: {
    "application/json": { schema: EVENTS },
    "text/event-stream": { schema: TEXT },
  },
};
