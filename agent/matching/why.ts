import type { Needs } from "../../common/job.js";
import type { AgentWhyView, RequirementView } from "../../common/wire.js";
import type { Matcher } from "./match.js";
import type { Readiness } from "./readiness.js";

export interface WhyOptions {
  /** Name of this agent. */
  readonly agent: string;
  readonly matcher: Matcher;
  readonly slots: number;
  /** Jobs that run here. */
  running(): readonly string[];
  readonly readiness: Readiness;
}

/**
 * Why this agent does or does not take jobs with these needs: every requirement is asked, whatever
 * the others say, so that people see how much is missing.
 */
export async function whyHere(options: WhyOptions, needs: Needs): Promise<AgentWhyView> {
  const { agent, matcher, readiness } = options;
  const requirements = [
    ...(await readiness.explain()),
    ...(await matcher.explain(needs)),
    slotOf(options),
  ];
  const able = requirements.every(({ verdict }) => verdict === "yes");
  return { agent, able, requirements };
}

function slotOf({ running, slots }: WhyOptions): RequirementView {
  const what = "free slot";
  const jobs = running();
  if (jobs.length < slots) return { what, verdict: "yes" };
  return {
    what,
    verdict: "no",
    observed: `all ${slots} in use`,
    needed: "one",
    help: `wait for one of its ${jobs.length} jobs, or give it more --slots`,
  };
}
