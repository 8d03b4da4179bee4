import { list, named, type Schema, shape, TEXT } from "./schema.js";

export const HEALTH: Schema = named("Health", {
  ok: { type: "boolean" },
  agent: TEXT,
  checks: list(shape({ name: TEXT, ok: { type: "boolean" }, detail: TEXT })),
});
