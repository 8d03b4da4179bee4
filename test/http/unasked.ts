import type { Agents } from "../../agent/cluster/agents.js";
import type { Events } from "../../agent/events/events.js";
import type { BoardInUse, System } from "../../agent/http/route.js";
import type { Schedules } from "../../agent/schedules/schedules.js";
import type { JobLogs } from "../../agent/logs/job-logs.js";

const agents = {
  self: () => ({ name: "alpha" }),
  others: () => Promise.resolve([]),
} as unknown as Agents;

/** A board that the cluster does not use yet. */
const board: BoardInUse = {
  boards: async () => ({ here: "board-1", inUse: undefined }),
  useBoard: async () => ({ here: "board-1", inUse: "board-1" }),
};

const system: System = {
  status: () => Promise.reject(new Error("not asked here")),
  capabilities: () => ({ items: [] }),
  clauseOf: () => Promise.reject(new Error("not asked here")),
  knows: () => false,
  judge: () => Promise.reject(new Error("not asked here")),
  metrics: () => Promise.resolve(""),
  liveness: () => ({ ok: true, agent: "alpha", checks: [] }),
};

/** What a server needs and its test does not ask: tests name only what they are about. */
export const UNASKED = {
  ...{ agents, board, system, logs: {} as unknown as JobLogs, events: {} as unknown as Events },
  schedules: {} as unknown as Schedules,
  ...{ agent: "alpha", version: "1.2.3" },
};
