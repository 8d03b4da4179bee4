import { list, named, type Schema, shape, TEXT } from "../schema.js";

export const HEALTH_QUERY: Schema = {
  type: "object",
  additionalProperties: false,
  properties: {
    verbose: { type: "string", description: "A line of text for each check.", enum: ["", "true"] },
  },
};

const VIEW = named("Health", {
  ok: { type: "boolean" },
  agent: TEXT,
  checks: list(shape({ name: TEXT, ok: { type: "boolean" }, detail: TEXT })),
});

export const HEALTH: Schema = {
  content: { "application/json": { schema: VIEW }, "text/plain": { schema: TEXT } },
};
