import { LIMITS } from "../../limits.js";
import { LOG_PHASES, LOG_STREAMS } from "../../../../common/log.js";
import { COUNT, list, named, type Schema, TEXT, TIME } from "../schema.js";

const PLACE = "^\\d{1,15}\\.\\d{1,15}$";

export const LOGS_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    atom: {
      type: "string",
      description: "Only lines of this atom.",
      pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f]{1,512}$",
    },
    since: { type: "string", format: "date-time", description: "Written at this time or later." },
    tail: {
      type: "integer",
      description: "Only the last so many.",
      ...{ minimum: 0, maximum: 1_000_000 },
    },
    cursor: {
      type: "string",
      description: "`nextCursor` of the page before, or the `id` of a line: what is behind it.",
      pattern: PLACE,
    },
    limit: { type: "integer", minimum: 1, maximum: LIMITS.pageLines, default: LIMITS.pageLines },
    follow: {
      enum: ["true", "false"],
      description:
        "As server-sent events, until the job is over and every line stored by then was sent.",
    },
  },
};

export const LOGS_HEADERS: Schema = {
  type: "object",
  properties: {
    "last-event-id": {
      type: "string",
      description: "Goes before `cursor`: browsers send it when they come back.",
      pattern: `${PLACE}|^$`,
    },
  },
};

const LINE: Schema = named("LogLine", {
  id: { ...TEXT, description: "The place behind it, for `cursor` and `Last-Event-ID`." },
  at: TIME,
  agent: { ...TEXT, description: "The agent that ran the task." },
  token: { ...COUNT, description: "Number of the ownership." },
  n: { ...COUNT, description: "Number in its ownership; what is missing was not kept." },
  atom: TEXT,
  phase: { type: "string", enum: LOG_PHASES },
  stream: { type: "string", enum: LOG_STREAMS },
  text: TEXT,
});

const LOGS: Schema = named(
  "Logs",
  { items: list(LINE) },
  { nextCursor: { ...TEXT, description: "Set when there are more lines now." } },
);

export const LOGS_ANSWER: Schema = {
  content: {
    "application/json": { schema: LOGS },
    "text/event-stream": { schema: TEXT },
  },
};
