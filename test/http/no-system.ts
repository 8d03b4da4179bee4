import type { System } from "../../agent/http/route.js";

/** For tests that ask nothing about the agent as a program. */
export const noSystem: System = {
  status: () => Promise.reject(new Error("not asked here")),
  capabilities: () => ({ items: [] }),
  metrics: () => Promise.resolve(""),
  liveness: () => ({ ok: true, agent: "alpha", checks: [] }),
};
