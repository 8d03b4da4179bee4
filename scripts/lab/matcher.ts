import { createAbilities } from "../../agent/matching/abilities.js";
import { Ledger } from "../../agent/matching/ledger.js";
import { Matcher } from "../../agent/matching/match.js";
import type { Runners } from "../../agent/runner/runner.js";
import type { Clock } from "../../common/clock.js";
import { createFacts } from "../../facts/facts.js";

/** Decides by the versions of flows alone: no job there asks for anything else. */
export function matcherOf(flows: ReadonlyMap<string, readonly number[]>, clock: Clock): Matcher {
  const facts = createFacts({ clock, agent: "lab", sources: [], keyed: {} as never });
  const abilities = createAbilities({ facts, runners: {} as Runners, clock });
  return new Matcher({ flows: () => flows, abilities, ledger: new Ledger({ agent: "lab" }) });
}
