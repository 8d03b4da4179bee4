import { randomUUID } from "node:crypto";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { transactEach } from "../../consul/batch.js";
import type { ConsulClient } from "../../consul/client.js";
import { listInstances } from "../../consul/health.js";
import { getKey, getTree, listKeys } from "../../consul/kv.js";
import { beat, deregisterService, registerService, setMaintenance } from "../../consul/service.js";
import { createSession, destroySession, listSessions } from "../../consul/session.js";
import { renewSession, sessionLives } from "../../consul/session.js";
import { lacksSession, op, transact } from "../../consul/txn.js";
import { Proxy } from "../../scripts/lab/proxy.js";
import { until } from "../../scripts/lab/until.js";
import { clientOf, freshPrefix } from "../boards/consul-subject.js";

const NO_CHECKS = { name: "test", nodeChecks: [], serviceChecks: [] };

async function session(client: ConsulClient, ttlMs = 20_000): Promise<string> {
  const id = await createSession(client, { ...NO_CHECKS, ttlMs });
  if (id === undefined) throw new Error("no session");
  onTestFinished(() => destroySession(client, id));
  return id;
}

describe("keys in Consul", () => {
  it("are undefined or none when they are not there, with the index to wait for them", async () => {
    const [client, prefix] = [clientOf(inject("consulUrl")), freshPrefix()];

    const missing = await getKey(client, `${prefix}/a`);

    expect(missing).toMatchObject({ status: 404, body: undefined });
    expect(missing.index).toBeGreaterThan(0);
    expect((await listKeys(client, `${prefix}/`)).names).toEqual([]);
    expect(await getTree(client, `${prefix}/`)).toEqual([]);
  });

  it("keep text of any kind, the empty one too", async () => {
    const [client, prefix] = [clientOf(inject("consulUrl")), freshPrefix()];
    const texts = ["", "ü€😀\u0000\n", "x".repeat(200_000)];
    await transact(
      client,
      texts.map((text, n) => op.set(`${prefix}/f${String(n)}/k`, text)),
    );

    const values = (await getTree(client, `${prefix}/`)).map(({ value }) => value);

    expect(values).toEqual(texts);
  });

  it("wake who waits for them when they change, and not when others do", async () => {
    const [client, prefix] = [clientOf(inject("consulUrl")), freshPrefix()];
    await transact(client, [op.set(`${prefix}/a`, "1")]);
    const { index } = await getKey(client, `${prefix}/a`);
    const waiting = getKey(client, `${prefix}/a`, { index, waitMs: 30_000, timeoutMs: 40_000 });
    let woken = false;
    void waiting.then(() => (woken = true));

    for (let n = 0; n < 10; n += 1) await transact(client, [op.set(`${prefix}/b`, String(n))]);
    expect(woken).toBe(false);
    await transact(client, [op.set(`${prefix}/a`, "2")]);

    expect((await waiting).body?.value).toBe("2");
  });
});

describe("transactions", () => {
  it("happen as a whole, and give the index of what they wrote", async () => {
    const [client, prefix] = [clientOf(inject("consulUrl")), freshPrefix()];

    const outcome = await transact(client, [op.set(`${prefix}/a`, "1"), op.get(`${prefix}/a`)]);

    const { body } = await getKey(client, `${prefix}/a`);
    expect(outcome).toMatchObject({ done: true, items: [{ index: body?.index }, { value: "1" }] });
  });

  it("happen not at all when a step refuses, and name every step that does", async () => {
    const [client, prefix] = [clientOf(inject("consulUrl")), freshPrefix()];
    await transact(client, [op.set(`${prefix}/a`, "1")]);

    const outcome = await transact(client, [
      op.cas(`${prefix}/a`, "2", { index: 0 }),
      op.set(`${prefix}/b`, "2"),
      op.get(`${prefix}/c`),
      op.checkIndex(`${prefix}/a`, 1),
      op.checkAbsent(`${prefix}/d`),
    ]);

    expect(outcome.done).toBe(false);
    expect(outcome.done ? [] : [...outcome.failed.keys()]).toEqual([0, 2, 3]);
    expect((await listKeys(client, `${prefix}/`)).names).toEqual([`${prefix}/a`]);
  });

  it("lock for one session, and say when it has ended", async () => {
    const [client, key] = [clientOf(inject("consulUrl")), `${freshPrefix()}/a`];
    const [one, two] = [await session(client), await session(client)];
    await transact(client, [op.lock(key, "1", one)]);

    const held = await transact(client, [op.lock(key, "2", two)]);
    await destroySession(client, one);
    const after = await getKey(client, key);
    const ended = await transact(client, [op.lock(key, "3", one)]);

    expect(held.done === false && lacksSession(held)).toBe(false);
    expect(after.body).toMatchObject({ value: "1", session: "" });
    expect(ended.done === false && lacksSession(ended)).toBe(true);
  });

  it("refuse a value that Consul cannot keep", async () => {
    const [client, key] = [clientOf(inject("consulUrl")), `${freshPrefix()}/a`];

    await expect(transact(client, [op.set(key, "x".repeat(600_000))])).rejects.toMatchObject({
      code: "TOO_LARGE",
    });
  });

  it("are filled with as many items as fit, and go on without those that refuse", async () => {
    const [client, prefix] = [clientOf(inject("consulUrl")), freshPrefix()];
    const items = Array.from({ length: 100 }, (_, n) => `${prefix}/${String(n).padStart(3, "0")}`);
    await transact(client, [op.set(items[7] ?? "", ""), op.set(items[99] ?? "", "")]);
    let told = 0;

    const refused = await transactEach(client, items, {
      ops: (key) => [op.cas(key, "new", { index: 0 }), op.get(key)],
      beside: (key) => op.set(`${prefix}/beside${key.slice(-1)}`, key),
      tell: () => op.set(`${prefix}/told`, String((told += 1))),
    });

    expect(refused).toEqual([items[7], items[99]]);
    const besides = await getTree(client, `${prefix}/beside`);
    expect(besides.map(({ value }) => value)).toEqual(
      Array.from({ length: 10 }, (_, n) => (n === 9 ? items[89] : items[90 + n])),
    );
    // With the first, which was tried again, and with the last, which was too.
    expect(told).toBe(4);
    const values = (await getTree(client, `${prefix}/`)).map(({ value }) => value);
    expect(values.filter((value) => value === "new")).toHaveLength(98);
  });
});

it("who waits for what many transactions do is told at the end when the last does nothing", async () => {
  const [client, prefix] = [clientOf(inject("consulUrl")), freshPrefix()];
  const items = Array.from({ length: 127 }, (_, n) => `${prefix}/${String(n).padStart(3, "0")}`);
  const last = items[126] ?? "";
  await transact(client, [op.set(last, "there")]);
  const rung = `${prefix}/told`;
  let told = 0;

  // 63, 63 and one that refuses.
  const refused = await transactEach(client, items, {
    ops: (key) => [op.cas(key, "new", { index: 0 })],
    tell: () => op.set(rung, String((told += 1))),
  });

  expect(refused).toEqual([last]);
  const { body: bell } = await getKey(client, rung);
  const { body: middle } = await getKey(client, items[125] ?? "");
  expect(bell?.index).toBeGreaterThan(middle?.index ?? Infinity);
});

describe("requests", () => {
  it("end by their own time-out, each for itself, when nothing answers", async () => {
    await using proxy = await Proxy.start(Number(new URL(inject("consulUrl")).port));
    const client = clientOf(`http://127.0.0.1:${String(proxy.port)}`);
    proxy.answers = "swallow";

    const began = performance.now();
    const asked = [100, 200].map((timeoutMs) => getKey(client, "k", { timeoutMs }));

    for (const answer of asked) {
      await expect(answer).rejects.toMatchObject({ code: "BOARD_DOWN", retryable: true });
    }
    expect(performance.now() - began).toBeLessThan(2_000);
  });

  it("end with their signal, before and while they wait", async () => {
    const client = clientOf(inject("consulUrl"));
    const { index } = await getKey(client, "k");
    const stop = new AbortController();
    const why = new Error("told to stop");

    const waiting = getKey(client, "k", { index, waitMs: 30_000, signal: stop.signal });
    stop.abort(why);

    await expect(waiting).rejects.toBe(why);
    await expect(getKey(client, "k", { signal: AbortSignal.abort(why) })).rejects.toBe(why);
  });

  it("that lose their answer may have happened, and say so", async () => {
    const [consul, key] = [inject("consulUrl"), `${freshPrefix()}/a`];
    await using proxy = await Proxy.start(Number(new URL(consul).port));
    const client = clientOf(`http://127.0.0.1:${String(proxy.port)}`);
    proxy.answers = "cut";

    const lost = transact(client, [op.set(key, "1")]);

    await expect(lost).rejects.toMatchObject({ code: "BOARD_DOWN", retryable: true });
    expect((await getKey(clientOf(consul), key)).body?.value).toBe("1");
  });

  it("that are wrong are a defect of ours, not an outage", async () => {
    const client = clientOf(inject("consulUrl"));

    await expect(
      client.put({ path: "/kv/k", query: { cas: "0", acquire: "x" } }),
    ).rejects.toMatchObject({
      code: "INTERNAL",
      message: expect.stringContaining("400") as string,
    });
  });
});

describe("sessions", () => {
  it("live while they are renewed, and say when they do not", async () => {
    const client = clientOf(inject("consulUrl"));
    const id = await session(client);

    expect(await renewSession(client, id)).toBe(true);
    expect((await listSessions(client)).body).toContainEqual({ id, name: "test" });
    await destroySession(client, id);

    expect(await renewSession(client, id)).toBe(false);
    expect(await sessionLives(client, id)).toBe(false);
    await destroySession(client, id);
  });

  it("cannot be made yet while a check of theirs is not in the catalog", async () => {
    const client = clientOf(inject("consulUrl"));

    expect(await createSession(client, { ...NO_CHECKS, serviceChecks: ["none"] })).toBe(undefined);
  });
});

describe("services", () => {
  it("are found with their facts, beaten, put into maintenance and taken away", async () => {
    const client = clientOf(inject("consulUrl"));
    const name = `jobrunner-${randomUUID().slice(0, 8)}`;
    const id = `${name}-laptop`;
    const check = { id: `${id}-beat`, name: "beat", ttlMs: 30_000, forgetAfterMs: 60_000 };
    const plan = { name, id, address: "10.0.0.7", port: 7463, tags: ["x86_64"], check };
    await registerService(client, { ...plan, meta: { cpus: "4" } });
    onTestFinished(async () => void (await deregisterService(client, id)));
    const find = async (): Promise<boolean | undefined> => {
      const { body = [] } = await listInstances(client, name);
      return body[0]?.checks.every(({ status }) => status === "passing");
    };
    await until(find, { withinMs: 5_000, what: "the service in the catalog" });

    expect((await listInstances(client, name)).body?.[0]).toMatchObject({
      ...{ id, address: "10.0.0.7", port: 7463, tags: ["x86_64"], meta: { cpus: "4" } },
    });
    expect(await beat(client, check.id, { output: "2 of 4 slots" })).toBe(true);
    expect(await beat(client, "no-such-check")).toBe(false);

    await setMaintenance(client, id, "drained");
    await until(async () => (await find()) === false, { withinMs: 5_000 });
    await setMaintenance(client, id, undefined);
    await until(find, { withinMs: 5_000 });

    await deregisterService(client, id);
    await until(async () => (await find()) === undefined, { withinMs: 5_000 });
    await deregisterService(client, id);
  });
});
