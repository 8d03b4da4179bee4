import { expect, it } from "vitest";
import { Ledger } from "../../agent/matching/ledger.js";
import { Matcher } from "../../agent/matching/match.js";
import { createEvaluator } from "../../capabilities/evaluate.js";
import { toSignature } from "../../common/job.js";
import { createFacts } from "../../facts/facts.js";
import { FakeClock } from "../support/fake-clock.js";

const clock = new FakeClock();
const capabilities = new Map();
const facts = createFacts({ clock, agent: "alpha", sources: [], keyed: {} as never });
const abilities = { ...createEvaluator({ capabilities, facts, clock }), ...registry() };

const matcher = new Matcher({
  flows: () => new Map([["web", [3, 1]]]),
  abilities,
  ledger: new Ledger({ agent: "alpha" }),
});

function registry() {
  return { get: () => undefined, keys: () => [] };
}

function match(flow: string, version: number) {
  return matcher.match(toSignature({ protocol: 1, flow, version, clauses: [] }));
}

it("takes jobs of the flow's version and of those that it migrates from", async () => {
  expect(await match("web", 3)).toEqual({ able: true });
  expect(await match("web", 1)).toEqual({ able: true });
});

it("leaves jobs of other versions and other flows, and says why", async () => {
  expect(await match("web", 2)).toEqual({ able: false, why: "flow web is version 3 here, not 2" });
  expect(await match("mail", 1)).toEqual({ able: false, why: "no flow mail is loaded here" });
});
