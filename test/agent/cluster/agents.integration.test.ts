import { describe, expect, it } from "vitest";
import type { Member } from "../../../cluster/membership.js";
import { AGENT_HEADER } from "../../../common/agent-header.js";
import { JobrunnerError } from "../../../common/error.js";
import { memberOf, startNode } from "./node.js";

describe("an agent whose registered address belongs to another one", () => {
  it("is shown as not answering, and is not mistaken for that one", async () => {
    const nas = await startNode({ name: "nas" });
    const { agents } = await startNode({
      name: "alpha",
      members: () => [memberOf("nas", nas.url), memberOf("phone", nas.url)],
    });

    const phone = await agents.get("phone");
    const { items } = await agents.list();

    expect(phone).toMatchObject({
      ...{ name: "phone", state: "unreachable", facts: { os: "android" } },
      note: expect.stringContaining("that address belongs to nas"),
    });
    expect(items.map(({ name, state }) => [name, state])).toEqual([
      ["alpha", "ready"],
      ["nas", "ready"],
      ["phone", "unreachable"],
    ]);
  });

  it("has its commands obeyed by nobody", async () => {
    const nas = await startNode({ name: "nas" });
    const alpha = await startNode({
      name: "alpha",
      members: () => [memberOf("phone", nas.url)],
    });
    // As with the phone of a registry that all share: on nas the address is that of nas itself.
    const own = await startNode({ name: "beta", members: () => [memberOf("phone", own.url)] });

    for (const { agents } of [alpha, own]) {
      await expect(agents.tell("phone", "drain")).rejects.toMatchObject({
        code: "UNREACHABLE",
        message: expect.stringContaining("that address belongs to"),
        hint: expect.stringContaining("jobrunner agents phone"),
      });
    }
    expect([nas.told, own.told]).toEqual([[], []]);
  });

  it("gives no answers for jobs either", async () => {
    const nas = await startNode({ name: "nas" });
    const { agents } = await startNode({
      name: "alpha",
      members: () => [memberOf("phone", nas.url)],
    });

    expect(await agents.others("/v1/agents/self")).toMatchObject([
      { agent: "phone", silent: expect.stringContaining("that address belongs to nas") },
    ]);
  });

  it("refuses what is meant for another one, over HTTP, and says who it is", async () => {
    const nas = await startNode({ name: "nas" });
    const drain = (name: string): Promise<Response> =>
      fetch(`${nas.url}/v1/agents/self/drain`, {
        method: "POST",
        headers: { [AGENT_HEADER]: name },
      });

    const [wrong, right] = [await drain("phone"), await drain("nas")];

    expect([wrong.status, wrong.headers.get(AGENT_HEADER)]).toEqual([421, "nas"]);
    expect(await wrong.json()).toMatchObject({ detail: "this is agent nas, not phone" });
    expect(right.status).toBe(202);
    expect(nas.told).toEqual(["drain"]);
  });
});

describe("an agent that registers no address", () => {
  it("is shown from its facts, and commands say where to give them", async () => {
    const { agents } = await startNode({ name: "alpha", members: () => [memberOf("phone")] });

    const phone = await agents.get("phone");

    expect(phone).toMatchObject({ name: "phone", state: "ready", facts: { os: "android" } });
    expect(phone.note).toContain("on its own machine only");
    expect(phone.url).toBeUndefined();
    await expect(agents.tell("phone", "drain")).rejects.toMatchObject({
      code: "UNREACHABLE",
      hint: expect.stringContaining("on its own machine"),
    });
  });
});

describe("an agent that is known by its address", () => {
  const byAddress = (url: string): Member => {
    return { name: new URL(url).host, url, state: "known", byAddress: true };
  };

  it("is found by its name, obeys by it, and keeps it when it is dead", async () => {
    const peer = await startNode({ name: "peer2" });
    const { agents } = await startNode({ name: "alpha", members: () => [byAddress(peer.url)] });

    const found = await agents.get("peer2");
    await agents.tell("peer2", "drain");
    await peer[Symbol.asyncDispose]();
    const dead = await agents.get("peer2");
    const { items } = await agents.list();

    expect([found.name, found.state, peer.told]).toEqual(["peer2", "ready", ["drain"]]);
    expect([dead.name, dead.state]).toEqual(["peer2", "unreachable"]);
    expect(items.map(({ name }) => name)).toEqual(["alpha", "peer2"]);
  });

  it("goes by its address as long as it never answered", async () => {
    const { agents } = await startNode({
      name: "alpha",
      members: () => [byAddress("http://127.0.0.1:9")],
    });

    expect((await agents.list()).items.map(({ name }) => name)).toEqual(["127.0.0.1:9", "alpha"]);
    await expect(agents.get("peer2")).rejects.toMatchObject({
      code: "NOT_FOUND",
      hint: expect.stringContaining("alpha"),
    });
  });

  it("is listed once when it is this very agent, or one that is known anyway", async () => {
    const beta = await startNode({ name: "beta" });
    const alpha = await startNode({
      name: "alpha",
      members: () => [memberOf("beta", beta.url), byAddress(alpha.url), byAddress(beta.url)],
    });

    for (const _again of [1, 2]) {
      const { items } = await alpha.agents.list();
      expect(items.map(({ name }) => name)).toEqual(["alpha", "beta"]);
    }
    const answers = await alpha.agents.others("/v1/agents/self");
    expect(answers.map(({ agent }) => agent)).toEqual(["beta"]);
  });
});

describe("two machines with agents of one name", () => {
  it("are both listed, with what to do about it", async () => {
    const twin = await startNode({ name: "laptop", machine: "m-2" });
    const laptop = await startNode({
      ...{ name: "laptop", machine: "m-1" },
      members: () => [
        memberOf("laptop", laptop.url, { machine: "m-1" }),
        memberOf("laptop", twin.url, { machine: "m-2" }),
      ],
    });

    const { items } = await laptop.agents.list();

    expect(items.map(({ machine }) => machine).sort()).toEqual(["m-1", "m-2"]);
    for (const { note } of items)
      expect(note).toContain("another machine has an agent of this name");
  });

  it("are not told anything by that name from elsewhere", async () => {
    const one = await startNode({ name: "laptop", machine: "m-1" });
    const two = await startNode({ name: "laptop", machine: "m-2" });
    const { agents } = await startNode({
      name: "alpha",
      members: () => [
        memberOf("laptop", one.url, { machine: "m-1" }),
        memberOf("laptop", two.url, { machine: "m-2" }),
      ],
    });

    await expect(agents.tell("laptop", "drain")).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(`${one.url} and ${two.url}`),
    });
    expect([one.told, two.told]).toEqual([[], []]);
  });
});

it("refuses to take jobs while its machine is in maintenance, in its own words from anywhere", async () => {
  const kept = new JobrunnerError("CONFLICT", "new disk", { hint: "consul maint -disable" });
  const nas = await startNode({ name: "nas", kept });
  const alpha = await startNode({ name: "alpha", members: () => [memberOf("nas", nas.url)] });

  for (const { agents } of [nas, alpha]) {
    await expect(agents.tell("nas", "resume")).rejects.toMatchObject({
      ...{ code: "CONFLICT", message: "new disk", hint: "consul maint -disable" },
    });
    await agents.tell("nas", "cordon");
  }
  expect(nas.told).toEqual(["cordon", "cordon"]);
});

describe("forgetting an agent", () => {
  it("is done by all of them, for one that is gone", async () => {
    const beta = await startNode({ name: "beta" });
    const alpha = await startNode({
      name: "alpha",
      members: () => [memberOf("beta", beta.url), memberOf("old", undefined, { state: "gone" })],
    });

    expect(await alpha.agents.forget("old", "everywhere")).toEqual({
      ...{ agent: "old", forgotten: true },
    });
    expect([alpha.forgotten, beta.forgotten]).toEqual([["old everywhere"], ["old here"]]);
  });

  it("does not wait for those that sleep, the one that is meant among them", async () => {
    const beta = await startNode({ name: "beta" });
    const asleep = await startNode({ name: "laptop" });
    const alpha = await startNode({
      name: "alpha",
      members: () => [
        memberOf("beta", beta.url),
        ...["laptop", "phone"].map((name) => memberOf(name, asleep.url, { state: "asleep" })),
      ],
    });

    expect(await alpha.agents.forget("laptop", "everywhere")).toMatchObject({ forgotten: true });
    expect([beta.forgotten, asleep.forgotten, asleep.asked]).toEqual([["laptop here"], [], 0]);
  });

  it("is refused for one that is there, this one too, and for one that nobody knows", async () => {
    const beta = await startNode({ name: "beta" });
    const { agents } = await startNode({
      name: "alpha",
      members: () => [memberOf("beta", beta.url)],
    });

    for (const name of ["alpha", "beta"]) {
      await expect(agents.forget(name, "everywhere")).rejects.toMatchObject({ code: "CONFLICT" });
    }
    await expect(agents.forget("bet", "everywhere")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(beta.forgotten).toEqual([]);
  });
});

it("tells the snapshot of facts of the one agent that was asked for, over any other", async () => {
  const nas = await startNode({ name: "nas" });
  const { agents } = await startNode({
    name: "alpha",
    members: () => [memberOf("nas", nas.url), memberOf("gone", "http://127.0.0.1:1")],
  });
  const snapshot = { gpus: { unknown: "hidden" } };

  expect(await agents.whole("self")).toMatchObject({ name: "alpha", snapshot });
  expect(await agents.whole("nas")).toMatchObject({ name: "nas", snapshot });
  expect(await agents.whole("gone")).toMatchObject({ state: "unreachable" });
  const { items } = await agents.list();
  expect([...items, await agents.get("nas")].filter((each) => "snapshot" in each)).toEqual([]);
});
