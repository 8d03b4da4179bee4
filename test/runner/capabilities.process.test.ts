import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type * as source from "../../agent/matching/abilities.js";
import { systemClock } from "../../cli/clock.js";
import type * as parsing from "../../capabilities/parse.js";
import type { Verdict } from "../../capabilities/capability.js";
import { createFacts } from "../../facts/facts.js";
import { parseOverrides } from "../../facts/overrides.js";
import { createSources } from "../../facts/sources.js";
import { openRunners } from "./open-runners.js";

// From the same copy of the package as the runners, which are the built ones.
const BUILT = new URL("../../dist/agent/matching/abilities.js", import.meta.url);
const { createAbilities } = (await import(BUILT.href)) as typeof source;

const PARSE = new URL("../../dist/capabilities/parse.js", import.meta.url);
const { parseClause } = (await import(PARSE.href)) as typeof parsing;

const FLOWS = join(import.meta.dirname, "fixtures", "capabilities");

/** An agent's abilities, with the fixture's capability asked in a real runner. */
async function learned() {
  const { runners } = openRunners({ flows: [FLOWS] });
  const overrides = parseOverrides({ cpu_count: 3 });
  const machine = { clock: systemClock, agent: "alpha", overrides, ...createSources() };
  const facts = createFacts(machine);
  onTestFinished(() => facts[Symbol.asyncDispose]());
  const abilities = createAbilities({ facts, runners, clock: systemClock });
  abilities.learn(await runners.manifest());
  const ask = async (...moods: readonly string[]): Promise<readonly Verdict[]> =>
    Promise.all(moods.map((mood) => abilities.verdict({ name: "moody", args: [mood] })));
  return { abilities, ask };
}

describe("a capability that an author wrote", () => {
  it("answers yes, no or that nobody can tell, from the facts it needs", async () => {
    const { ask } = await learned();

    const verdicts = await ask("yes", "true", "false", "no", "unknown");

    expect(verdicts).toEqual([
      { able: true },
      { able: true },
      { able: false, observed: "moody says no", needed: "moody" },
      { able: false, observed: "3 processors", needed: "more", help: "buy some" },
      { unknown: "fog" },
    ]);
  });

  it("that throws, is too slow, answers nonsense or ends its runner means: not able", async () => {
    const { ask } = await learned();

    const verdicts = await ask("throw", "hang", "nonsense");
    const [dead] = await ask("exit");
    const [banned, before] = await ask("yes", "hang");

    expect(verdicts).toEqual([
      { unknown: "no sensor" },
      { unknown: "no answer within 200 ms" },
      { unknown: expect.stringContaining("its check answered neither true, false") },
    ]);
    expect(dead).toMatchObject({ unknown: expect.stringContaining("its runner ended") });
    expect(banned).toMatchObject({ unknown: expect.stringContaining("left alone for a while") });
    expect(before).toHaveProperty("unknown");
  });

  it("may be asked for by posters, who are told of arguments that do not fit", async () => {
    const { abilities } = await learned();

    expect(await parseClause("moody(yes)", abilities)).toEqual({ name: "moody", args: ["yes"] });
    await expect(parseClause("moody(7)", abilities)).rejects.toMatchObject({
      code: "BAD_PARAMETERS",
      message: expect.stringContaining("moody(7): argument 1: "),
      hint: "It is written moody(mood): Does as it is told",
    });
    await expect(parseClause("mody(yes)", abilities)).rejects.toMatchObject({
      hint: "Did you mean moody?",
    });
  });
});
