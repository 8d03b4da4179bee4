import { describe, expect, inject, it, onTestFinished } from "vitest";
import { ConsulMembership } from "../../cluster/consul/membership.js";
import type { Member, Self } from "../../cluster/membership.js";
import { resolveConsulUrl } from "../../consul/address.js";
import { until } from "../../scripts/lab/until.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";

/* What other machines see of an agent in a real Consul. */

let names = 0;

describe("an agent in Consul", () => {
  it("is found with its address, tags and facts, and is gone after a clean stop", async () => {
    const alpha = await join();
    alpha.membership.announce(() => alpha.self);

    const found = await alpha.seen((member) => member.state === "known");
    await alpha.membership[Symbol.asyncDispose]();

    expect(found).toEqual({
      ...{ name: alpha.self.name, machine: "m", version: "1.2.3", url: "http://10.0.0.5:7463" },
      ...{ tags: ["x86_64"], facts: { memory_total: "24GiB" }, state: "known" },
    });
    const other = await join();
    expect((await other.membership.members()).map(({ name }) => name)).not.toContain(
      alpha.self.name,
    );
  });

  it("is shown as draining, and again as what it was", async () => {
    const alpha = await join();
    alpha.membership.announce(() => alpha.self);
    await alpha.seen((member) => member.state === "known");

    alpha.membership.drain("cordoned");
    const drained = await alpha.seen((member) => member.state !== "known");
    alpha.membership.drain(undefined);
    const back = await alpha.seen((member) => member.state !== "draining");

    expect([drained.state, back.state]).toEqual(["draining", "known"]);
  });

  it("is not heard of when it ends without a word", async () => {
    const alpha = await join({ beatMs: 100 });
    const beta = await join();
    let silent = false;
    // An agent that hangs asks itself nothing any more, and so beats no more.
    alpha.membership.announce(() => {
      if (silent) throw new Error("it hangs");
      return alpha.self;
    });
    await alpha.seen((member) => member.state === "known");

    silent = true;
    const silentOne = await alpha.seen((member) => member.state !== "known", beta.membership);

    expect(silentOne).toMatchObject({ name: alpha.self.name, state: "gone" });
  });

  it("publishes what changes, no more often than it may", async () => {
    const alpha = await join({ publishMs: 60_000 });
    let free = 8;
    alpha.membership.announce(() => ({ ...alpha.self, facts: { free: String(free) } }));
    await alpha.seen((member) => member.facts?.["free"] === "8");

    free = 4;
    const eager = await join({ publishMs: 0 });
    eager.membership.announce(() => ({ ...eager.self, facts: { free: String(free) } }));
    await eager.seen((member) => member.facts?.["free"] === "4");
    free = 2;
    await eager.seen((member) => member.facts?.["free"] === "2");

    const members = await alpha.membership.members();
    expect(members.find(({ name }) => name === alpha.self.name)?.facts).toEqual({ free: "8" });
  });

  it("is there again after its Consul has lost everything, and says meanwhile what is wrong", async () => {
    const consul = await startConsul(tempDir());
    await using server = consul.server;
    const said: (string | undefined)[] = [];
    const alpha = await join({ beatMs: 100, onTrouble: (why) => said.push(why) }, consul.url);
    alpha.membership.announce(() => alpha.self);
    await alpha.seen((member) => member.state === "known");

    await server.kill();
    await until(() => alpha.membership.trouble() !== undefined, { withinMs: 10_000 });
    consul.forget();
    await server.start();
    await alpha.seen((member) => member.state === "known");

    await until(() => said.length === 2, { withinMs: 5_000 });
    expect(said).toEqual([expect.stringContaining("does not answer"), undefined]);
    await alpha.membership[Symbol.asyncDispose]();
  });
});

interface Joined {
  readonly membership: ConsulMembership;
  readonly self: Self;
  /** Resolves with what Consul has of it as soon as that fits. */
  seen(fits: (member: Member) => boolean, by?: ConsulMembership): Promise<Member>;
}

async function join(
  options: Partial<ConstructorParameters<typeof ConsulMembership>[0]> = {},
  url = inject("consulUrl"),
): Promise<Joined> {
  const { address } = await resolveConsulUrl(url.replace("http", "consul"), [], {});
  const rest = { beatMs: 200, onTrouble: () => undefined, ...options };
  const membership = new ConsulMembership({ address, ...rest });
  onTestFinished(() => membership[Symbol.asyncDispose]());
  names += 1;
  const name = `agent-${String(process.pid)}-${String(names)}`;
  const at = { machine: "m", version: "1.2.3", url: "http://10.0.0.5:7463" };
  const self = { name, ...at, tags: ["x86_64"], facts: { memory_total: "24GiB" }, note: "ready" };
  const look = async (fits: (member: Member) => boolean, by: ConsulMembership) => {
    const members = await by.members().catch(() => []); // Down for now.
    return members.find((member) => member.name === name && fits(member));
  };
  const seen = (fits: (member: Member) => boolean, by = membership): Promise<Member> =>
    until(() => look(fits, by), { withinMs: 15_000, what: name });
  return { membership, self, seen };
}
