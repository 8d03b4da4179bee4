import type { Json } from "../../../common/json.js";

/** Answer: BoardView. */
export const BOARD: Readonly<Record<string, Json>> = {
  type: "object",
  required: ["agent", "here"],
  properties: {
    agent: { type: "string" },
    here: { type: "string", description: "The board that this agent is on." },
    inUse: { type: "string", description: "The one that the cluster uses." },
  },
};
