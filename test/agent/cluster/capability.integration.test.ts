import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Judge, testEverywhere } from "../../../agent/cluster/capability.js";
import { NOT_KNOWN } from "../../../capabilities/evaluate.js";
import { readClause } from "../../../capabilities/parse.js";
import { AGENT_HEADER } from "../../../common/agent-header.js";
import { JobrunnerError } from "../../../common/error.js";
import type { Member } from "../../../cluster/membership.js";
import type { RequirementView } from "../../../common/wire.js";
import { memberOf, startNode } from "./node.js";

const TEXT = "has_scanner(300)";

/** Of an agent that has the capability, or not. */
function judgeOf(agent: string, verdict?: RequirementView["verdict"]): Judge {
  const requirement: RequirementView =
    verdict === undefined
      ? { what: TEXT, verdict: "unknown", observed: NOT_KNOWN }
      : { what: TEXT, verdict };
  return {
    knows: () => verdict !== undefined,
    async clauseOf(text) {
      if (verdict !== undefined) return readClause(text);
      throw new JobrunnerError("BAD_PARAMETERS", "there is no such capability");
    },
    judge: async () => ({ agent, able: verdict === "yes", requirements: [requirement] }),
  };
}

async function asking(members: () => readonly Member[], only?: string) {
  const { agents } = await startNode({ name: "alpha", members });
  return testEverywhere(agents, judgeOf("alpha"), { text: TEXT, only });
}

describe("a capability that the agent that is asked does not have", () => {
  it("is tested on the others, as one of them has it", async () => {
    const beta = await startNode({ name: "beta", judge: judgeOf("beta", "yes") });
    const members = () => [memberOf("beta", beta.url)];

    const test = await asking(members);

    expect(test).toMatchObject({
      ...{ clause: TEXT, possible: true },
      agents: [
        { agent: "alpha", able: false, requirements: [{ verdict: "unknown" }] },
        { agent: "beta", able: true },
      ],
    });
    expect(await asking(members, "self")).toMatchObject({ agents: [{ agent: "alpha" }] });
  });

  it("is refused when none of those that answer has it", async () => {
    const beta = await startNode({ name: "beta", judge: judgeOf("beta") });
    const members = () => [memberOf("beta", beta.url), memberOf("old", undefined)];

    await expect(asking(members)).rejects.toMatchObject({ code: "BAD_PARAMETERS" });
  });
});

it("says of an agent of an older version that it cannot be asked", async () => {
  const server = createServer((_request, response) => {
    response.writeHead(404, { [AGENT_HEADER]: "old" });
    response.end(JSON.stringify({ detail: "there is no /v1/capabilities:test" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { agents } = await startNode({ name: "alpha", members: () => [memberOf("old", url)] });

  const test = await testEverywhere(agents, judgeOf("alpha", "no"), {
    ...{ text: TEXT, only: undefined },
  });

  expect(test.agents[1]).toMatchObject({
    agent: "old",
    requirements: [
      { verdict: "unknown", observed: expect.stringContaining("its version cannot be asked this") },
    ],
  });
});

it("says that the others are missing when the registry is away", async () => {
  const { agents } = await startNode({
    name: "alpha",
    members: () => {
      throw new Error("Consul is away");
    },
  });
  const judge = judgeOf("alpha", "no");

  const test = await testEverywhere(agents, judge, { text: TEXT, only: undefined });
  const self = await testEverywhere(agents, judge, { text: TEXT, only: "self" });

  expect(test).toMatchObject({
    agents: [{ agent: "alpha" }],
    note: "the others are not known: Consul is away",
  });
  expect(self).not.toHaveProperty("note");
  await expect(testEverywhere(agents, judge, { text: TEXT, only: "beta" })).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("Consul is away"),
  });
});
