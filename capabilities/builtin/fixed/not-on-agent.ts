import { ABLE, builtin, notAble } from "../define.js";

/** The job runs on any agent but the one of that name. */
export const notOnAgent = builtin({
  name: "not_on_agent",
  summary: "The agent has another name.",
  takes: ["agent"],
  needs: ["agent"],
  cacheMs: Infinity,
  check: ([avoided], { agent }) =>
    agent === avoided ? notAble(`this is ${agent}`, `an agent other than ${avoided}`) : ABLE,
});
