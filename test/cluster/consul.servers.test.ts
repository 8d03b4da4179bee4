import { describe, expect, inject, it } from "vitest";
import { Proxy } from "../../scripts/lab/proxy.js";
import { until } from "../../scripts/lab/until.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import { join, type Joined } from "./joined.js";

/* What other machines see of an agent in a real Consul. */

describe("an agent in Consul", () => {
  it("is found with its address, tags and facts, and is gone after a clean stop", async () => {
    const alpha = await join();
    alpha.membership.announce(() => alpha.self, alpha.told);

    // Its first beat comes after its registration.
    const found = await alpha.seen((member) => member.heardAt !== undefined);
    await alpha.membership[Symbol.asyncDispose]();

    expect(found).toEqual({
      ...{ name: alpha.self.name, machine: "m", version: "1.2.3", url: "http://10.0.0.5:7463" },
      ...{ tags: ["x86_64"], facts: { memory_total: "24GiB" }, state: "known" },
      heardAt: expect.any(Number),
    });
    expect(Math.abs((found.heardAt ?? 0) - Date.now())).toBeLessThan(20_000);
    const other = await join();
    expect((await other.membership.members()).map(({ name }) => name)).not.toContain(
      alpha.self.name,
    );
  });

  it("is shown as draining at once, not at its next beat, and again as what it was", async () => {
    const alpha = await join({ beatMs: 60_000 });
    alpha.membership.announce(() => alpha.self, alpha.told);
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
    }, alpha.told);
    await alpha.seen((member) => member.state === "known");

    silent = true;
    const silentOne = await alpha.seen((member) => member.state !== "known", beta.membership);

    expect(silentOne).toMatchObject({
      ...{ name: alpha.self.name, state: "gone", facts: { memory_total: "24GiB" } },
      heardAt: expect.any(Number),
    });
  });

  it("publishes what changes, less and less often", async () => {
    const alpha = await join({ beatMs: 20, publishMs: 60_000 });
    let asked = 0;
    alpha.membership.announce(() => {
      asked += 1;
      return { ...alpha.self, facts: { asked: String(asked) } };
    }, alpha.told);
    const seen = new Set<string>();
    const watch = async (): Promise<boolean> => {
      const members = await alpha.membership.members();
      const mine = members.find(({ name }) => name === alpha.self.name);
      if (mine !== undefined) seen.add(mine.facts?.["asked"] ?? "");
      return asked >= 100;
    };

    await until(watch, { withinMs: 30_000, everyMs: 5, what: "100 beats, each with a new fact" });

    // After pauses of 20, 40, 80, ... ms: twelve of them would take more than 40 s.
    expect(seen.size).toBeGreaterThan(1);
    expect(seen.size).toBeLessThan(12);
  });

  it("is shown as asleep as long as its machine sleeps, and not a moment longer", async () => {
    const alpha = await join({ beatMs: 100 });
    const macs = "aa:bb:cc:dd:ee:ff";
    const self = { ...alpha.self, facts: { ...alpha.self.facts, macs } };
    alpha.membership.announce(() => self, alpha.told);
    await alpha.seen((member) => member.state === "known");

    await alpha.membership.asleep(1_700_000_000_000);
    const [asleep] = (await alpha.membership.members()).filter(({ name }) => name === self.name);
    const silent = await alpha.seen((member) => (member.heardAt ?? 0) > 0);
    const critical = await isCritical(alpha);
    const still = await alpha.seen((member) => member.state !== "known");
    await alpha.membership.asleep(undefined);
    const awake = await alpha.seen((member) => member.state === "known");

    const known = { state: "asleep", asleepSince: 1_700_000_000_000, facts: self.facts };
    expect([asleep, still]).toMatchObject([known, known]);
    expect(silent.heardAt).toBeGreaterThan(1_700_000_000_000);
    expect(critical).toContain(`asleep since 2023-11-14T22:13:20.000Z`);
    expect(critical).toContain(macs);
    expect(awake).toMatchObject({ state: "known", facts: self.facts });
    expect(awake.asleepSince).toBeUndefined();
  });

  it("is told when somebody in Consul puts it into maintenance, and when that is over", async () => {
    const alpha = await join();
    alpha.membership.announce(() => alpha.self, alpha.told);
    await alpha.seen((member) => member.state === "known");

    await maintain(alpha, "enable=true&reason=new%20disk");
    await until(() => alpha.said.length === 1, { withinMs: 5_000, what: "being told" });
    await alpha.seen((member) => member.state === "draining");
    await maintain(alpha, "enable=false");
    await until(() => alpha.said.length === 2, { withinMs: 5_000, what: "being told again" });

    expect(alpha.said).toEqual(["new disk", undefined]);
    expect(await alpha.seen((member) => member.state === "known")).toMatchObject({
      name: alpha.self.name,
    });
  });

  it("obeys what an operator said before it started, and not what it said itself then", async () => {
    const first = await join();
    const second = await join({}, { name: first.self.name });
    const third = await join({}, { name: first.self.name });
    // The same name in three processes, of which those before were killed.
    const killed = new Set<Joined>();
    const announce = (each: Joined): void =>
      each.membership.announce(() => {
        if (killed.has(each)) throw new Error("it was killed");
        return each.self;
      }, each.told);
    announce(first);
    await first.seen((member) => member.state === "known");
    first.membership.drain("draining");
    await first.seen((member) => member.state === "draining");

    killed.add(first);
    announce(second);
    await second.seen((member) => member.state === "known");
    await maintain(second, "enable=true&reason=new%20disk");
    await until(() => second.said.length === 1, { withinMs: 5_000, what: "being told" });
    killed.add(second);
    announce(third);
    await until(() => third.said.length === 1, {
      withinMs: 5_000,
      what: "being told at the start",
    });

    expect([second.said, third.said]).toEqual([["new disk"], ["new disk"]]);
  });

  it("tells of the others as they were known last while its Consul is away", async () => {
    const consul = await startConsul(tempDir());
    await using server = consul.server;
    const alpha = await join({ beatMs: 100 }, { url: consul.url });
    alpha.membership.announce(() => alpha.self, alpha.told);
    await alpha.seen((member) => member.state === "known");

    await server.kill();

    const members = await alpha.membership.members();
    expect(members).toMatchObject([{ name: alpha.self.name, state: "known" }]);
  });

  it("beats again soon after a beat without answer, whatever else hangs", async () => {
    await using proxy = await Proxy.start(Number(new URL(inject("consulUrl")).port));
    const alpha = await join(
      { beatMs: 3_000, ttlMs: 6_000 },
      { url: `http://127.0.0.1:${String(proxy.port)}` },
    );
    alpha.membership.announce(() => alpha.self, alpha.told);
    await alpha.seen((member) => member.state === "known");
    await quiet(proxy);
    const asked = proxy.requests;

    proxy.answers = "swallow";
    await until(() => proxy.requests > asked, { withinMs: 5_000, everyMs: 5 });
    const lost = performance.now();
    await until(() => proxy.requests > asked + 1, { withinMs: 5_000, everyMs: 5 });
    const againMs = performance.now() - lost;
    proxy.answers = "pass";

    expect(againMs).toBeLessThan(4_000);
    await until(() => alpha.membership.trouble() === undefined, { withinMs: 10_000 });
  });

  it("is there again after its Consul has lost everything, and says meanwhile what is wrong", async () => {
    const consul = await startConsul(tempDir());
    await using server = consul.server;
    const said: (string | undefined)[] = [];
    const alpha = await join(
      { beatMs: 100, onTrouble: (why) => said.push(why) },
      { url: consul.url },
    );
    alpha.membership.announce(() => alpha.self, alpha.told);
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

/** Resolves when nothing was asked for half a second: between two rounds of beats. */
async function quiet(proxy: Proxy): Promise<void> {
  let [requests, since] = [proxy.requests, performance.now()];
  await until(
    () => {
      if (proxy.requests !== requests) [requests, since] = [proxy.requests, performance.now()];
      return performance.now() - since > 500;
    },
    { withinMs: 10_000, everyMs: 20 },
  );
}

/** What its check says once it was not beaten for too long. */
async function isCritical({ self }: Joined): Promise<string> {
  const look = async (): Promise<string | undefined> => {
    const answer = await fetch(`${inject("consulUrl")}/v1/agent/checks`);
    const checks = (await answer.json()) as Record<string, { Status: string; Output: string }>;
    const check = checks[`jobrunner-${self.name}`];
    return check?.Status === "critical" ? check.Output : undefined;
  };
  return until(look, { withinMs: 10_000, what: "its check to be critical" });
}

/** What `consul maint` and the buttons of other tools do. */
async function maintain({ self }: Joined, query: string): Promise<void> {
  const path = `/v1/agent/service/maintenance/jobrunner-${self.name}?${query}`;
  const answer = await fetch(inject("consulUrl") + path, { method: "PUT" });
  expect(answer.status).toBe(200);
}
