import { ABLE, builtin, notAble } from "../define.js";

/** A program of that name is on the agent's PATH, and its user may run it. */
export const hasProgram = builtin({
  name: "has_program",
  summary: "The program is on the PATH.",
  takes: ["program"],
  needs: ["programs"],
  cost: "dear",
  // People install what is missing and expect the job to start.
  cacheMs: 10_000,
  limitMs: 2_000,
  async check([program], _, { about }) {
    const fact = await about("programs", program);
    if ("unknown" in fact) return fact;
    return fact.known === null
      ? notAble(`there is no ${program} on the PATH`, program, `install ${program}`)
      : ABLE;
  },
});
