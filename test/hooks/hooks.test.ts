import { describe, expect, it } from "vitest";
import { callsFor, type HookBook, named } from "../../agent/hooks/book.js";
import { type Hooks, LOOK_EVERY_MS } from "../../agent/hooks/hooks.js";
import type { HookBody } from "../../common/wire/hooks.js";
import { until } from "../../scripts/lab/until.js";
import { hook, open } from "./open.js";
import { startReceiver } from "./receiver.js";

const SOON = { withinMs: 10_000 };

describe("a hook", () => {
  it("is called once when a job is over, and then forgotten", async () => {
    const { agent, ended, counted, clock } = await open();
    const receiver = await startReceiver();
    const hooks = agent([hook(receiver.url)]);

    const id = await ended(hooks);
    await until(() => receiver.received.length === 1, SOON);
    await until(async () => (await counted()).length === 1, SOON);
    await clock.advance(10 * LOOK_EVERY_MS);

    expect(receiver.received).toHaveLength(1);
    const body = JSON.parse(receiver.received[0]?.body ?? "") as HookBody;
    expect(body).toMatchObject({ state: "SUCCESS", agent: "alpha", job: { id, flow: "hello" } });
    expect(body.job).not.toHaveProperty("params");
    expect(receiver.received[0]?.headers["jobrunner-delivery"]).toBe(body.delivery);
    expect(await counted()).toEqual(['jobrunner_hook_calls_total{result="done"} 1']);
  });

  it("is called for the states and flows that it names, and for no other", async () => {
    const { agent } = await open();
    const hooks = agent([
      hook("http://127.0.0.1:1/a", { on: ["FAILURE", "SUSPENDED"] }),
      hook("http://127.0.0.1:1/b", { flows: ["deploy"] }),
    ]);
    const heard = (flow: string, state: Parameters<Hooks["callsOf"]>[2]): number =>
      hooks.callsOf("inc.1", flow, state).length;

    expect(heard("hello", "FAILURE")).toBe(1);
    expect(heard("hello", "SUSPENDED")).toBe(1);
    expect(heard("hello", "SUCCESS")).toBe(0);
    expect(heard("deploy", "SUCCESS")).toBe(1);
    expect(heard("deploy", "RUNNING")).toBe(0);
  });

  it("is waited for by an agent that is about to leave, and so are those due behind it", async () => {
    const { agent, ended } = await open();
    const receiver = await startReceiver();
    const hooks = agent([hook(receiver.url)]);
    for (let count = 0; count < 5; count += 1) await ended(hooks);

    await hooks.settled(new AbortController().signal);

    expect(receiver.received).toHaveLength(5);
  });

  it("that fails is not waited for until its next try", async () => {
    const { agent, ended } = await open();
    const receiver = await startReceiver();
    receiver.status = 500;
    const hooks = agent([hook(receiver.url)]);
    await ended(hooks);

    await hooks.settled(new AbortController().signal);
    await agent([]).settled(new AbortController().signal);

    expect(receiver.received).toHaveLength(1);
  });

  it("is called again, with more time between, until it is answered", async () => {
    const { agent, ended, clock, log, counted } = await open();
    const receiver = await startReceiver();
    receiver.status = 500;
    const hooks = agent([hook(receiver.url)]);
    await ended(hooks);

    for (const [tries, pauseMs] of [1_000, 2_000, 4_000].entries()) {
      await until(() => log.length === tries + 1, SOON);
      expect(receiver.received).toHaveLength(tries + 1);
      if (tries === 2) receiver.status = 200;
      await clock.advance(pauseMs - 1);
      expect(receiver.received).toHaveLength(tries + 1);
      await clock.advance(1);
    }
    await until(() => receiver.received.length === 4, SOON);
    await until(async () => (await counted()).length === 2, SOON);

    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
    expect(log[0]).toContain("it answered 500");
    expect(await counted()).toEqual([
      'jobrunner_hook_calls_total{result="failed"} 3',
      'jobrunner_hook_calls_total{result="done"} 1',
    ]);
  });

  it("is not led elsewhere by who answers", async () => {
    const { agent, ended, log } = await open();
    const receiver = await startReceiver();
    receiver.status = 307;
    await ended(agent([hook(receiver.url)]));

    await until(() => log.length === 1, SOON);
    expect(log[0]).toContain("it answered 307");
    expect(receiver.received).toHaveLength(1);
  });

  it("is waited for no longer than its time limit", async () => {
    const { agent, ended, log } = await open();
    const receiver = await startReceiver();
    receiver.status = undefined;
    await ended(agent([hook(receiver.url, { timeLimitMs: 100 })]));

    await until(() => log.length === 1, SOON);
    expect(log[0]).toContain("it took longer than 100 ms");
  });

  it("is called however many calls of another one hang", async () => {
    const { agent, ended } = await open();
    const [hanging, well] = [await startReceiver(), await startReceiver()];
    hanging.status = undefined;
    const hooks = agent([hook(hanging.url, { timeLimitMs: 60_000 }), hook(well.url)]);

    for (let n = 0; n < 6; n += 1) await ended(hooks);

    await until(() => well.received.length === 6, SOON);
    expect(hanging.received).toHaveLength(2);
  });

  it("is called by another agent when the one that took the call has died", async () => {
    const { agent, ended, clock, persistence } = await open();
    const receiver = await startReceiver();
    const setting = hook(receiver.url);
    const hooks = named([setting]);
    const dying: HookBook = {
      callsOf: (owner, flow, state) => callsFor(hooks, { owner, flow, state }),
      wake: () => undefined,
    };
    await ended(dying);
    const [{ name } = { name: "" }] = hooks;
    await persistence.hooks.take({ hooks: [name], limit: 1, leaseMs: 35_000 });

    agent([setting], "beta");
    await clock.advance(35_000);
    await until(() => receiver.received.length === 1, SOON);

    expect(JSON.parse(receiver.received[0]?.body ?? "")).toMatchObject({ agent: "beta" });
  });

  it("is left to others at once by an agent that stops in the middle of a call", async () => {
    const { agent, ended } = await open();
    const receiver = await startReceiver();
    receiver.status = undefined;
    const setting = hook(receiver.url, { timeLimitMs: 60_000 });
    const leaving = agent([setting]);
    await ended(leaving);
    await until(() => receiver.received.length === 1, SOON);

    await leaving.stop();
    receiver.status = 200;
    agent([setting], "beta");

    await until(() => receiver.received.length === 2, SOON);
    expect(JSON.parse(receiver.received[1]?.body ?? "")).toMatchObject({ agent: "beta" });
  });
});
