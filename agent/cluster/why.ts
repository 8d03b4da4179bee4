import { JobrunnerError } from "../../common/error.js";
import type { Clause } from "../../common/job.js";
import type { AgentView, AgentWhyView, ClosestView, WhyView } from "../../common/wire.js";
import type { Jobs } from "../jobs.js";
import { concluded, type Standing } from "../jobs/why.js";
import type { Agents, OthersAnswer } from "./agents.js";
import { othersUnknown } from "./silent.js";

/**
 * Why a job runs, or does not: what this agent says, and what each of the others does, all asked at
 * the same time. `only`: the name of the agent that is told of; throws NOT_FOUND without it.
 */
export async function whyEverywhere(
  agents: Agents,
  jobs: Pick<Jobs, "standing" | "explain">,
  { part, only }: { readonly part: string; readonly only?: string | undefined },
): Promise<WhyView> {
  const standing = await jobs.standing(part);
  const { id } = standing.job;
  if (standing.over) return concluded(standing, []);
  const { clauses } = standing.requires;
  const [everyone, owner] = await Promise.all([
    everyAgent(agents, jobs.explain(standing.requires), {
      path: `/v1/jobs/${id}/why?here=true`,
      clauses,
    }),
    standing.owner === undefined ? undefined : agents.get(standing.owner).catch(() => undefined),
  ]);
  const trouble = standing.trouble ?? troubleOf(standing, owner);
  const known = trouble === undefined ? standing : { ...standing, trouble };
  if (known.owner !== undefined && trouble === undefined) return concluded(known, []);
  const { all, ...noted } = named(everyone, only, agents.name);
  const view = { ...concluded(known, all), ...noted };
  const closest = view.agents.some(({ able }) => able) ? undefined : closestOf(view.agents);
  return closest === undefined ? view : { ...view, closest };
}

interface Question {
  /** Where the others answer with what each of them says. */
  readonly path: string;
  /** What is asked of an agent, for those that sleep. */
  readonly clauses: readonly Clause[];
}

/** What was said, by name. */
export interface Everyone {
  readonly all: readonly AgentWhyView[];
  /** Why the others are not among them. */
  readonly note?: string;
}

/** What this agent says, and what each of the others does. */
export async function everyAgent(
  agents: Agents,
  own: Promise<AgentWhyView>,
  { path, clauses }: Question,
): Promise<Everyone> {
  const [mine, { answers, ...noted }] = await Promise.all([own, askOthers(agents, path)]);
  const told = await Promise.all(answers.map((answer) => toAgents(answer, agents, clauses)));
  const all = [mine, ...told.flat()].sort((a, b) => (a.agent < b.agent ? -1 : 1));
  return { all, ...noted };
}

interface Asked {
  readonly answers: readonly OthersAnswer<Pick<WhyView, "agents">>[];
  readonly note?: string;
}

async function askOthers(agents: Agents, path: string): Promise<Asked> {
  try {
    return { answers: await agents.others(path) };
  } catch (error) {
    return { answers: [], note: othersUnknown(error) }; // The registry is away.
  }
}

/**
 * All of them, or the one of that name; `self` is the one that is asked, whose name is `own`.
 * Throws NOT_FOUND, and UNREACHABLE when nobody can tell.
 */
export function named(everyone: Everyone, name: string | undefined, own: string): Everyone {
  if (name === undefined) return everyone;
  const { all, note } = everyone;
  const found = all.filter(({ agent }) => agent === (name === "self" ? own : name));
  if (found.length > 0) return { all: found };
  if (note !== undefined) {
    throw new JobrunnerError("UNREACHABLE", `agent ${name} cannot be asked: ${note}`, {
      hint: "Ask it by its address: --via URL.",
    });
  }
  throw new JobrunnerError("NOT_FOUND", `there is no agent "${name}"`, {
    hint: `There are ${all.map(({ agent }) => agent).join(", ")}.`,
  });
}

/** Of those that answered: what a silent one lacks nobody can count. */
function closestOf(agents: readonly AgentWhyView[]): ClosestView | undefined {
  const [closest] = agents
    .filter(({ last }) => last === undefined)
    .map(({ agent, requirements }) => ({
      agent,
      short: requirements.filter(({ verdict }) => verdict !== "yes").length,
    }))
    .sort((a, b) => a.short - b.short);
  return closest;
}

/** Why nobody works on it although its owner has a claim, until that ends. */
function troubleOf(
  { owner, job, leaseMs = 0 }: Standing,
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
  answer: OthersAnswer<Pick<WhyView, "agents">>,
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
