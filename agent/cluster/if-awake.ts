import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import type { Registry, Verdict } from "../../capabilities/capability.js";
import { createEvaluator } from "../../capabilities/evaluate.js";
import type { Clock } from "../../common/clock.js";
import type { Clause } from "../../common/job.js";
import type { AgentWhyView, LastKnownView, RequirementView } from "../../common/wire.js";
import { rememberedFacts } from "../../facts/told/remembered.js";
import { toRequirement } from "../matching/match.js";

export interface Sleeper {
  readonly agent: string;
  readonly last: LastKnownView & { readonly asleepSince: string };
}

/** Whether an agent that sleeps would fit if somebody woke it, by what was known of it then. */
export async function ifAwake(
  { agent, last }: Sleeper,
  clauses: readonly Clause[],
  clock: Clock,
): Promise<AgentWhyView> {
  const { facts, tags = [], asleepSince } = last;
  const remembered = rememberedFacts({ agent, facts, tags, at: Date.parse(asleepSince) });
  const evaluator = createEvaluator({ capabilities: OF_FACTS, facts: remembered, clock });
  const asked = await Promise.all(
    clauses.map(async (clause) => toRequirement(clause, await evaluator.verdict(clause))),
  );
  const fits = asked.every(({ verdict }) => verdict !== "no");
  const awake: RequirementView = {
    ...{ what: "awake", verdict: "no", observed: `asleep since ${asleepSince}` },
    ...(fits ? { help: wakingOf(facts["macs"]) } : {}),
  };
  return { agent, able: false, requirements: [awake, ...asked], last };
}

function wakingOf(macs: string | undefined): string {
  return macs === undefined ? "wake it" : `wake it (network addresses ${macs})`;
}

/** What does not look at facts would look at this very machine. */
const OF_FACTS: Registry = {
  keys: () => BUILTIN_CAPABILITIES.keys(),
  get(name) {
    const capability = BUILTIN_CAPABILITIES.get(name);
    if (capability === undefined || capability.needs.length > 0) return capability;
    return { ...capability, check: (): Verdict => ({ unknown: "only it can tell, awake" }) };
  },
};
