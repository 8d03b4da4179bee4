import { describe, expect, it } from "vitest";
import { named } from "../../agent/hooks/book.js";
import {
  FORSAKE_EVERY_MS,
  FORSAKEN_MS,
  GIVE_UP_MS,
  LOOK_EVERY_MS,
} from "../../agent/hooks/hooks.js";
import { until } from "../../scripts/lab/until.js";
import { hook, open } from "./open.js";
import { startReceiver } from "./receiver.js";

const SOON = { withinMs: 10_000 };

describe("a call of a hook", () => {
  it("is given up after a day, and that is an error", async () => {
    const { agent, ended, clock, log, counted } = await open();
    const receiver = await startReceiver();
    receiver.status = 503;
    await ended(agent([hook(receiver.url)]));
    await until(() => log.length === 1, SOON);

    await clock.advance(GIVE_UP_MS + 1);
    await until(async () => {
      await clock.advance(10_000);
      return log.some((line) => line.includes("given up"));
    }, SOON);
    const tries = receiver.received.length;
    await clock.advance(GIVE_UP_MS);

    expect(receiver.received).toHaveLength(tries);
    expect(await counted()).toContain('jobrunner_hook_calls_total{result="given_up"} 1');
  });

  it("is not given up for the time in which all machines slept", async () => {
    const { agent, ended, clock, counted } = await open();
    const receiver = await startReceiver();
    receiver.status = 503;
    const setting = hook(receiver.url);
    const asleep = agent([setting]);
    await asleep.stop();
    await ended(asleep);
    await clock.advance(3 * GIVE_UP_MS);

    agent([setting]);
    await until(async () => (await counted()).length === 1, SOON);
    receiver.status = 204;
    await clock.advance(1_000);
    await until(async () => (await counted()).length === 2, SOON);

    expect(await counted()).toEqual([
      'jobrunner_hook_calls_total{result="failed"} 1',
      'jobrunner_hook_calls_total{result="done"} 1',
    ]);
  });

  it("is given up when no agent has had it for a week, and that is an error", async () => {
    const { agent, ended, clock, log, counted, persistence } = await open();
    const [before, now] = [await startReceiver(), await startReceiver()];
    const replaced = agent([hook(before.url)]);
    await replaced.stop();
    const job = await ended(replaced);
    const [{ name: hooks } = { name: "" }] = named([hook(before.url)]);
    await clock.advance(FORSAKEN_MS);

    agent([hook(now.url)]);
    await clock.advance(FORSAKE_EVERY_MS);
    await until(async () => {
      await clock.advance(LOOK_EVERY_MS);
      return log.length === 1;
    }, SOON);

    const told = { level: 50, jobId: job, hook: hooks, state: "SUCCESS" };
    expect(JSON.parse(log[0] ?? "")).toMatchObject(told);
    expect(log[0]).not.toContain(before.url);
    expect(await counted()).toEqual(['jobrunner_hook_calls_total{result="given_up"} 1']);
    const taking = { hooks: [hooks], limit: 1, leaseMs: 35_000 };
    expect(await persistence.hooks.take(taking)).toMatchObject({ calls: [] });
  });

  it("is called after a week's pause of all agents, whichever of them comes back first", async () => {
    const { agent, ended, clock, log } = await open();
    const [receiver, another] = [await startReceiver(), await startReceiver()];
    const setting = hook(receiver.url);
    const paused = agent([setting]);
    await paused.stop();
    await ended(paused);
    await clock.advance(FORSAKEN_MS);

    const first = agent([hook(another.url)]);
    await first.stop(); // Once it has looked.
    agent([setting], "beta");
    await until(() => receiver.received.length === 1, SOON);

    expect(log).toEqual([]);
  });
});
