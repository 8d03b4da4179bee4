import { named, type Schema, TEXT } from "./schema.js";

export const BOARD: Schema = named(
  "Board",
  { agent: TEXT, here: { ...TEXT, description: "The board that this agent is on." } },
  { inUse: { ...TEXT, description: "The one that the cluster uses." } },
);
