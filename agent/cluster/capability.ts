import { NOT_KNOWN } from "../../capabilities/evaluate.js";
import { readClause } from "../../capabilities/parse.js";
import { type Clause, formatClause } from "../../common/job.js";
import type { AgentWhyView } from "../../common/wire.js";
import type { CapabilityTestView } from "../../common/wire/system.js";
import type { Agents } from "./agents.js";
import { everyAgent, type Everyone, named } from "./why.js";

/** What an agent says about something that jobs may ask of a machine, as people write it. */
export interface Judge {
  /** Throws BAD_PARAMETERS for what can be no clause, or none that this agent knows of. */
  clauseOf(text: string): Promise<Clause>;
  knows(name: string): boolean;
  /**
   * Whether it is so here; one that it does not know of is unknown. Throws BAD_PARAMETERS for what
   * can be no clause alone, BUSY when too many wait for the same capability.
   */
  judge(text: string): Promise<AgentWhyView>;
}

/**
 * At this agent and at each of the others. Throws BAD_PARAMETERS for what none of those that answer
 * knows of. `only`: throws NOT_FOUND without an agent of that name.
 */
export async function testEverywhere(
  agents: Agents,
  judge: Judge,
  { text, only }: { readonly text: string; readonly only: string | undefined },
): Promise<CapabilityTestView> {
  const clause = readClause(text);
  if (judge.knows(clause.name)) await judge.clauseOf(text);
  const query = new URLSearchParams({ clause: text, here: "true" });
  const path = `/v1/capabilities:test?${query.toString()}`;
  const everyone = await everyAgent(agents, judge.judge(text), { path, clauses: [clause] });
  if (!everyone.all.some(hasIt)) await judge.clauseOf(text);
  return toTestView(formatClause(clause), named(everyone, only, agents.name));
}

/** At this agent alone: who asks has made sure that there is such a thing. */
export async function testHere({ judge }: Judge, text: string): Promise<CapabilityTestView> {
  return toTestView(text, { all: [await judge(text)] });
}

function hasIt({ last, requirements }: AgentWhyView): boolean {
  return last === undefined && requirements.every(({ observed }) => observed !== NOT_KNOWN);
}

function toTestView(clause: string, { all, ...noted }: Everyone): CapabilityTestView {
  return { clause, possible: all.some(({ able }) => able), agents: all, ...noted };
}
