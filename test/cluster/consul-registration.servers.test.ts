import { describe, expect, inject, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import { join, type Joined } from "./joined.js";

/* What of an agent a real Consul takes, and what is left there when it leaves. */

describe("an agent that registers itself in Consul", () => {
  it("shortens what is too long for Consul, which counts bytes, between two characters", async () => {
    const alpha = await join();
    const facts = {
      programs: "x".repeat(600),
      cpu_model: "ü".repeat(600),
      gpus: "a😀".repeat(200),
    };
    alpha.membership.announce(() => ({ ...alpha.self, facts }), alpha.told);

    const found = await alpha.seen((member) => member.heardAt !== undefined);

    expect(found.facts).toEqual({
      programs: `${"x".repeat(509)}…`,
      cpu_model: `${"ü".repeat(254)}…`,
      gpus: `${"a😀".repeat(101)}a…`,
    });
    expect(alpha.membership.trouble()).toBeUndefined();
  });

  it("stays drained while Consul, which has lost it, refuses to have it again", async () => {
    const alpha = await join({ beatMs: 100, publishMs: 100 });
    let [{ self }, rounds] = [alpha, 0];
    const told = (): typeof self => {
      rounds += 1;
      return self;
    };
    const draining = async (): Promise<boolean> =>
      (await alpha.seen(() => true)).state === "draining";
    alpha.membership.announce(told, alpha.told);
    await alpha.seen((member) => member.heardAt !== undefined);
    alpha.membership.drain("told so");
    await until(draining, { withinMs: 5_000 });

    self = { ...self, url: "http://0.0.0.0:7463" };
    const id = `jobrunner-${alpha.self.name}`;
    const path = `/v1/agent/service/deregister/${id}`;
    await fetch(inject("consulUrl") + path, { method: "PUT" });
    const refusedAt = rounds;
    await until(() => rounds > refusedAt + 3, { withinMs: 5_000 });
    expect(alpha.membership.trouble()).toContain("Invalid service address");
    self = alpha.self;
    await until(draining, { withinMs: 5_000 });

    expect(alpha.said).toEqual([]);
  });

  it("beats on when Consul refuses what has changed of it, and says what is wrong", async () => {
    const alpha = await join({ beatMs: 100, publishMs: 100 });
    let { self } = alpha;
    alpha.membership.announce(() => self, alpha.told);
    await alpha.seen((member) => member.heardAt !== undefined);

    self = { ...self, url: "http://0.0.0.0:7463" };
    await until(() => alpha.membership.trouble() !== undefined, { withinMs: 5_000 });
    self = { ...self, note: "beats on" };
    const beatsOn = async (): Promise<boolean> =>
      (await outputOf(alpha))?.includes("beats on") === true;
    await until(beatsOn, { withinMs: 5_000, what: "its next beat" });

    expect(alpha.membership.trouble()).toContain("Invalid service address");
  });
});

describe("an agent that an operator put into maintenance in Consul", () => {
  it("is still in it after a restart, and is gone meanwhile", async () => {
    const [first, watch] = [await join(), await join()];
    const second = await join({}, { name: first.self.name });
    first.membership.announce(() => first.self, first.told);
    await first.seen((member) => member.state === "known");
    await maintain(`service/maintenance/jobrunner-${first.self.name}`, "true&reason=new%20disk");
    // As at each stop: whether or not it has heard of it yet.
    first.membership.drain("leaving");

    await first.membership[Symbol.asyncDispose]();
    const gone = await first.seen((member) => member.state !== "draining", watch.membership);
    second.membership.announce(() => second.self, second.told);
    await until(() => second.said.length > 0, { withinMs: 5_000, what: "being told" });
    const back = await second.seen((member) => member.state !== "gone");

    expect(gone.state).toBe("gone");
    expect([second.said, back.state]).toEqual([["new disk"], "draining"]);
    await maintain(`service/maintenance/jobrunner-${first.self.name}`, "false");
  });

  it("is not listed after a stop when it said so itself", async () => {
    const alpha = await join();
    const watch = await join();
    alpha.membership.announce(() => alpha.self, alpha.told);
    alpha.membership.drain("draining");
    await alpha.seen((member) => member.state === "draining");

    await alpha.membership[Symbol.asyncDispose]();

    const members = await watch.membership.members();
    expect(members.map(({ name }) => name)).not.toContain(alpha.self.name);
  });

  it("may take jobs again only after the maintenance of its whole machine", async () => {
    const consul = await startConsul(tempDir());
    await using _server = consul.server;
    const alpha = await join({}, { url: consul.url });
    alpha.membership.announce(() => alpha.self, alpha.told);
    await alpha.seen((member) => member.state === "known");
    await alpha.membership.mayResume();

    await maintain("maintenance", "true&reason=new%20disk", consul.url);
    await expect(alpha.membership.mayResume()).rejects.toMatchObject({
      ...{ code: "CONFLICT", message: expect.stringContaining("new disk") },
      hint: expect.stringContaining("consul maint -disable"),
    });
    await maintain("maintenance", "false", consul.url);

    await alpha.membership.mayResume();
    await alpha.membership[Symbol.asyncDispose]();
  });
});

it("takes a dead namesake of another node out of Consul, and leaves the living one alone", async () => {
  const alpha = await join({ beatMs: 60_000 });
  alpha.membership.announce(() => alpha.self, alpha.told);
  const { name } = await alpha.seen((member) => member.state === "known");
  const [id, node] = [`jobrunner-${name}`, `node-of-${name}`];
  await put("catalog/register", {
    ...{ Node: node, Address: "10.0.0.9" },
    Service: { ID: id, Service: "jobrunner", Meta: { name, machine: "other" } },
    Check: { Node: node, CheckID: id, Name: "Heartbeat", ServiceID: id, Status: "critical" },
  });
  await alpha.seen((member) => member.state === "gone");

  const taken = await alpha.membership.forget(name, "everywhere");

  const left = (await alpha.membership.members()).filter((member) => member.name === name);
  expect(left).toMatchObject([{ machine: "m", state: "known" }]);
  expect(await outputOf(alpha)).toContain("as of ");
  expect(taken).toBe(false);
  await put("catalog/deregister", { Node: node });
});

/** What `consul maint` and the buttons of other tools do. */
async function maintain(path: string, enable: string, url = inject("consulUrl")): Promise<void> {
  const answer = await fetch(`${url}/v1/agent/${path}?enable=${enable}`, { method: "PUT" });
  expect(answer.status).toBe(200);
}

async function put(path: string, body: object): Promise<void> {
  const options = { method: "PUT", body: JSON.stringify(body) };
  const answer = await fetch(`${inject("consulUrl")}/v1/${path}`, options);
  expect(answer.status).toBe(200);
}

/** Of its check, as the Consul agent that it is registered with has it. */
async function outputOf({ self }: Joined): Promise<string | undefined> {
  const answer = await fetch(`${inject("consulUrl")}/v1/agent/checks`);
  const checks = (await answer.json()) as Record<string, { Output: string }>;
  const output = checks[`jobrunner-${self.name}`]?.Output;
  return output;
}
