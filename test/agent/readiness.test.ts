import { expect, it, onTestFinished } from "vitest";
import { createAbilities } from "../../agent/matching/abilities.js";
import { inTime } from "../../agent/matching/in-time.js";
import { Readiness } from "../../agent/matching/readiness.js";
import type { Runners } from "../../agent/runner/runner.js";
import { createFacts } from "../../facts/facts.js";
import { parseOverrides } from "../../facts/overrides.js";
import { FakeClock } from "../support/fake-clock.js";

const ONLY_WHEN = [
  { name: "on_mains", args: [] },
  { name: "battery_above", args: [30] },
];

it("claims nothing while a wish of its owner does not hold, and says which", async () => {
  const readiness = open({ on_mains: true, battery: 20 });

  expect(await readiness.obstacle()).toBe(
    "only when battery_above(30): the battery is at 20 %; needed: more than 30 %",
  );
  expect(readiness.known()).toMatchObject({ state: "paused" });
  expect(await readiness.explain(inTime(new FakeClock()))).toEqual([
    { what: "takes jobs", verdict: "yes" },
    { what: "only when on_mains", verdict: "yes" },
    {
      ...{ what: "only when battery_above(30)", verdict: "no" },
      ...{ observed: "the battery is at 20 %", needed: "more than 30 %", help: "plug it in" },
    },
  ]);
});

it("claims when all of them hold, and not when nobody can tell", async () => {
  const holds = open({ on_mains: true, battery: 80 });
  const hidden = open({ on_mains: { unknown: "the phone hides it" }, battery: 80 });

  expect([await holds.obstacle(), holds.known()]).toEqual([undefined, { state: "ready" }]);
  expect(await hidden.obstacle()).toContain("the phone hides it");
});

it("says that it is drained before what its owner wishes", async () => {
  const readiness = open({ on_mains: false, battery: 80 }, "draining");

  expect(await readiness.obstacle()).toBe("it is draining");
  expect(readiness.known()).toEqual({ state: "draining" });
});

function open(given: Parameters<typeof parseOverrides>[0], state: "ready" | "draining" = "ready") {
  const clock = new FakeClock();
  const overrides = parseOverrides(given);
  const facts = createFacts({ clock, agent: "a", overrides, sources: [], keyed: {} as never });
  onTestFinished(() => facts[Symbol.asyncDispose]());
  return new Readiness({
    ...{ leaving: new AbortController().signal, duty: { state }, runners: { trouble: undefined } },
    sweep: { persistenceOk: true, boardId: "b", disagreement: undefined },
    abilities: createAbilities({ facts, runners: {} as Runners, clock }),
    ...{ onlyWhen: () => ONLY_WHEN, tell: () => undefined },
  });
}
