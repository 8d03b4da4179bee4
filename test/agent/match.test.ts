import { expect, it } from "vitest";
import { toSignature } from "../../common/job.js";
import { matcherOf } from "../../scripts/lab/matcher.js";
import { FakeClock } from "../support/fake-clock.js";

const matcher = matcherOf(new Map([["web", [3, 1]]]), new FakeClock());

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
