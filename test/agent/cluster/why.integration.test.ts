import { expect, it } from "vitest";
import { whyEverywhere } from "../../../agent/cluster/why.js";
import type { AgentWhyView, RequirementView } from "../../../common/wire.js";
import { memberOf, startNode } from "./node.js";

const ID = "0198f397-7c1e-7b02-9d40-5a6f0e1c2b33";

function says(agent: string, ...verdicts: RequirementView["verdict"][]): AgentWhyView {
  const requirements = verdicts.map((verdict, index) => ({ what: `clause ${index}`, verdict }));
  return { agent, able: verdicts.every((verdict) => verdict === "yes"), requirements };
}

it("asks the others while this one asks itself, so that nobody waits for both", async () => {
  let asked = (): void => undefined;
  const betaIsAsked = new Promise<void>((resolve) => (asked = resolve));
  const beta = await startNode({
    name: "beta",
    explain: async () => {
      asked();
      return says("beta", "no");
    },
  });
  const { agents, jobs } = await startNode({
    name: "alpha",
    members: () => [memberOf("beta", beta.url)],
    // It would never come back if the others were asked after it.
    explain: () => betaIsAsked.then(() => says("alpha", "no")),
  });

  const why = await whyEverywhere(agents, jobs, { part: ID });

  expect(why.agents.map(({ agent }) => agent)).toEqual(["alpha", "beta"]);
});

it("names the closest of those that answered, and how much it is short of", async () => {
  const beta = await startNode({ name: "beta", explain: async () => says("beta", "no", "yes") });
  const { agents, jobs } = await startNode({
    name: "alpha",
    members: () => [
      memberOf("beta", beta.url),
      memberOf("old", undefined, { state: "gone" }), // Nobody can count what it lacks.
    ],
    explain: async () => says("alpha", "no", "unknown"),
  });

  const why = await whyEverywhere(agents, jobs, { part: ID });
  const able = await whyEverywhere(
    agents,
    { ...jobs, explain: async () => says("alpha", "yes") },
    { part: ID },
  );

  expect(why.closest).toEqual({ agent: "beta", short: 1 });
  expect(able).not.toHaveProperty("closest");
});

it("tells of one agent alone when that is wanted", async () => {
  const beta = await startNode({ name: "beta", explain: async () => says("beta", "yes") });
  const { agents, jobs } = await startNode({
    name: "alpha",
    members: () => [memberOf("beta", beta.url)],
    explain: async () => says("alpha", "no", "no"),
  });

  const why = await whyEverywhere(agents, jobs, { part: ID, only: "alpha" });

  expect(why).toMatchObject({ possible: false, agents: [{ agent: "alpha" }] });
  expect(why.closest).toEqual({ agent: "alpha", short: 2 });
  await expect(whyEverywhere(agents, jobs, { part: ID, only: "gamma" })).rejects.toMatchObject({
    code: "NOT_FOUND",
    hint: "There are alpha, beta.",
  });
});
