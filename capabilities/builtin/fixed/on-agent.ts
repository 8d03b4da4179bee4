import { ABLE, builtin, notAble } from "../define.js";

/** The job runs on the agent of that name and on no other. */
export const onAgent = builtin({
  name: "on_agent",
  summary: "The agent has that name.",
  takes: ["agent"],
  needs: ["agent"],
  cacheMs: Infinity,
  check: ([wanted], { agent }) =>
    agent === wanted ? ABLE : notAble(`this is ${agent}`, `agent ${wanted}`),
});
