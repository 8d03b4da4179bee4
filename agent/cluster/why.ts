import type { AgentWhyView, WhyView } from "../../common/wire.js";
import type { Agents, OthersAnswer } from "./agents.js";

/** Why a job runs, or does not: what this agent says, and what each of the others does. */
export async function whyEverywhere(
  agents: Agents,
  here: (id: string) => Promise<WhyView>,
  part: string,
): Promise<WhyView> {
  const own = await here(part);
  if (own.agents.length === 0) return own; // It is over, or somebody works on it.
  const path = `/v1/jobs/${own.job.id}/why?here=true`;
  const answers = await agents.others<WhyView>(path).catch(() => []); // The registry is away.
  const others = answers.flatMap(toAgents).filter(({ agent }) => agent !== agents.self().name);
  const all = [...own.agents, ...others].sort((a, b) => (a.agent < b.agent ? -1 : 1));
  const possible = own.obstacles.length === 0 && all.some(({ able }) => able);
  return { ...own, possible, agents: all };
}

function toAgents(answer: OthersAnswer<WhyView>): readonly AgentWhyView[] {
  if ("said" in answer) return answer.said.agents;
  const { agent, silent } = answer;
  const requirements = [{ what: "answers", verdict: "unknown", observed: silent }] as const;
  return [{ agent, able: false, requirements }];
}
