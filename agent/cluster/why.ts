import type { Clause } from "../../common/job.js";
import type { AgentView, AgentWhyView, WhyView } from "../../common/wire.js";
import type { Jobs } from "../jobs.js";
import type { Agents, OthersAnswer } from "./agents.js";

/** Why a job runs, or does not: what this agent says, and what each of the others does. */
export async function whyEverywhere(
  agents: Agents,
  jobs: Pick<Jobs, "why" | "clauses">,
  part: string,
): Promise<WhyView> {
  const own = await jobs.why(part);
  if (own.agents.length === 0) return own; // It is over.
  const { id } = own.job;
  const [owner, answers] = await Promise.all([
    own.owner === undefined ? undefined : agents.get(own.owner).catch(() => undefined),
    agents.others<WhyView>(`/v1/jobs/${id}/why?here=true`).catch(() => []), // The registry is away.
  ]);
  const trouble = own.trouble ?? troubleOf(own, owner);
  if (own.owner !== undefined && trouble === undefined) return { ...own, agents: [] };
  const clauses = await jobs.clauses(id);
  const told = await Promise.all(answers.map((answer) => toAgents(answer, agents, clauses)));
  const others = told.flat().filter(({ agent }) => agent !== agents.name);
  const all = [...own.agents, ...others].sort((a, b) => (a.agent < b.agent ? -1 : 1));
  const possible = own.obstacles.length === 0 && all.some(({ able }) => able);
  return { ...own, ...(trouble === undefined ? {} : { trouble }), possible, agents: all };
}

/** Why nobody works on it although its owner has a claim, until that ends. */
function troubleOf(
  { owner, job, leaseMs = 0 }: WhyView,
  view: AgentView | undefined,
): string | undefined {
  if (owner === undefined || view === undefined) return undefined; // Nobody can tell.
  const then =
    `its claim ends ${leaseMs / 1_000} s after its last sign of life, ` +
    "then an able agent goes on where it was";
  if (view.state === "asleep") {
    return `${owner}, which owns it, fell asleep with it; ${then}.`;
  }
  if (view.state === "gone" || view.state === "unreachable") {
    return `${owner}, which owns it, does not answer (${view.note ?? view.state}); ${then}.`;
  }
  if (view.jobs?.includes(job.id) !== false) return undefined;
  return `${owner} owned it in a process that is gone; ${then}.`;
}

async function toAgents(
  answer: OthersAnswer<WhyView>,
  agents: Agents,
  clauses: readonly Clause[],
): Promise<readonly AgentWhyView[]> {
  if ("said" in answer) return answer.said.agents;
  const { agent, silent, last } = answer;
  const { asleepSince } = last;
  if (asleepSince !== undefined) {
    return [await agents.ifAwake({ agent, last: { ...last, asleepSince } }, clauses)];
  }
  const requirements = [{ what: "answers", verdict: "unknown", observed: silent }] as const;
  return [{ agent, able: false, requirements, last }];
}
