import { expect, it, onTestFinished } from "vitest";
import { ConsulMembership } from "../../cluster/consul/membership.js";
import type { Self } from "../../cluster/membership.js";
import { resolveConsulUrl } from "../../consul/address.js";
import { until } from "../../scripts/lab/until.js";
import { guarded, printedPolicy } from "../support/guarded-consul.js";

const WITHIN = { withinMs: 10_000 };

it("agents find each other under the policy of docs/registration.md, and need all of it", async () => {
  const { url, token } = await guarded();
  const policy = printedPolicy("registration.md");
  const [services = "", nodes = ""] = policy.match(/\w+ "[^"]*" \{[^}]*\}/g) ?? [];
  const join = async (name: string, rules: string): Promise<ConsulMembership> => {
    const { address } = await resolveConsulUrl(url, [], { CONSUL_HTTP_TOKEN: await token(rules) });
    const membership = new ConsulMembership({ address, beatMs: 200, onTrouble: () => undefined });
    onTestFinished(() => membership[Symbol.asyncDispose]());
    const self: Self = {
      ...{ name, machine: name, version: "1.0.0", url: "http://127.0.0.1:7463" },
      ...{ tags: [], facts: {}, note: "ready" },
    };
    membership.announce(
      () => self,
      () => undefined,
    );
    return membership;
  };
  const stateOf = async (by: ConsulMembership, name: string): Promise<string | undefined> =>
    (await by.members()).find((member) => member.name === name)?.state;

  const [alpha, beta] = [await join("alpha", policy), await join("beta", policy)];
  await until(async () => (await stateOf(beta, "alpha")) === "known", WITHIN);
  alpha.drain("draining");
  await until(async () => (await stateOf(beta, "alpha")) === "draining", WITHIN);
  expect([alpha.trouble(), beta.trouble()]).toEqual([undefined, undefined]);

  const blind = await join("blind", policy.replace(nodes, ""));
  await until(async () => (await stateOf(beta, "blind")) === "known", WITHIN);
  expect(await blind.members()).toEqual([]);
  const mute = await join("mute", policy.replace(services, ""));
  await until(() => mute.trouble() !== undefined, WITHIN);
  expect(mute.trouble()).toContain("Permission denied");

  await alpha[Symbol.asyncDispose]();
  await until(async () => (await stateOf(beta, "alpha")) === undefined, WITHIN);
});
