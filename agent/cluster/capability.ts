import { type Clause, formatClause } from "../../common/job.js";
import type { AgentWhyView } from "../../common/wire.js";
import type { CapabilityTestView } from "../../common/wire/system.js";
import type { Agents } from "./agents.js";
import { everyAgent, named } from "./why.js";

/** What an agent says about something that jobs may ask of a machine, as people write it. */
export interface Judge {
  /** Throws BAD_PARAMETERS for what can be no clause, or none that this agent knows of. */
  clauseOf(text: string): Promise<Clause>;
  /** Whether it is so here; one that it does not know of is unknown. Throws for no clause alone. */
  judge(text: string): Promise<AgentWhyView>;
}

/** At this agent and at each of the others. `only`: throws NOT_FOUND without an agent of that name. */
export async function testEverywhere(
  agents: Agents,
  { clauseOf, judge }: Judge,
  { text, only }: { readonly text: string; readonly only: string | undefined },
): Promise<CapabilityTestView> {
  const clause = await clauseOf(text);
  const query = new URLSearchParams({ clause: text, here: "true" });
  const path = `/v1/capabilities:test?${query.toString()}`;
  const all = await everyAgent(agents, judge(text), { path, clauses: [clause] });
  return toTestView(formatClause(clause), named(all, only));
}

/** At this agent alone: who asks has made sure that there is such a thing. */
export async function testHere({ judge }: Judge, text: string): Promise<CapabilityTestView> {
  return toTestView(text, [await judge(text)]);
}

function toTestView(clause: string, agents: readonly AgentWhyView[]): CapabilityTestView {
  return { clause, possible: agents.some(({ able }) => able), agents };
}
