import { describe, expect, it } from "vitest";
import type { JobsOptions } from "../../agent/jobs/options.js";
import { retryJob } from "../../agent/jobs/verbs/retrying.js";
import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import type { JobView } from "../../common/wire.js";
import type { RetryRequest } from "../../common/wire/verbs.js";
import type { FlowSpec } from "../../engine/flow.js";
import { failed, telling } from "./ended.js";
import { linear, openWorld, type World } from "./world.js";

const HALTING: FlowSpec = { ...linear("a", "b", "c"), neverResolve: true };

describe("retry", () => {
  it("P-38: posts another job of the same kind, once for each key, and tells the board", async () => {
    const world = await openWorld();
    const id = await failed(world, linear("a", "b", "c"));

    const first = await retry(world, id, {}, "key-1");
    const again = await retry(world, id, {}, "key-1");

    expect(first.created).toBe(true);
    expect(again).toEqual({ created: false, view: first.view });
    expect(await world.claimable()).toEqual([first.view.id]);
    await world.agent("beta").work(first.view.id);
    expect(world.calls.slice(-3)).toEqual(["beta: a", "beta: b", "beta: c"]);
    expect(await world.persistence.job(id)).toMatchObject({ state: "REVERTED" });
  });

  it("P-38: keeps name, priority and what its poster asked for", async () => {
    const world = await openWorld();
    const required = [{ name: "has_tag", args: ["room"] }];
    const more = { name: "nightly", priority: 7, required };
    const id = await failed(world, linear("a", "b"), more);

    const { view } = await retry(world, id, {});

    const row = await world.persistence.job(view.id);
    expect(row).toMatchObject({ name: "nightly", priority: 7, params: { who: "world" } });
    expect(row?.needs.clauses).toEqual(required);
    expect(await world.persistence.required(view.id)).toEqual(required);
  });

  it("P-39: goes on at an atom; the next owner finds what is kept and runs the rest", async () => {
    const world = await openWorld();
    const id = await failed(world, HALTING);
    world.calls.length = 0;

    const { view } = await retry(world, id, { from: "b" });
    expect(world.calls).toEqual([]);
    await world.agent("beta").work(view.id);

    expect(world.calls).toEqual(["beta: b", "beta: c"]);
    expect(await world.persistence.job(view.id)).toMatchObject({ state: "SUCCESS", token: 2 });
    const [kept] = await world.persistence.load(view.id);
    expect(kept).toMatchObject({ seq: 1, token: 1, changes: [{ change: "kept", atom: "a" }] });
  });

  it("P-39: tells of what is kept as its journal does, and of the first owner as of any", async () => {
    const world = await openWorld();
    const id = await failed(world, HALTING);
    world.told.length = 0;

    const { view } = await retry(world, id, { from: "b" });
    await world.agent("beta").work(view.id);

    const told = world.told.map(({ agent, type, atom, to }) => [agent, type, atom, to].join(" "));
    expect(told.slice(0, 5)).toEqual([
      ...["asker job.posted  ", "asker atom.state a SUCCESS"],
      ...["beta job.claimed  ", "beta job.owner  ", "beta job.state  RUNNING"],
    ]);
    expect(told).not.toContain("beta job.resumed  ");
  });

  it("P-39: reverts what is kept when the retry is cancelled", async () => {
    const world = await openWorld();
    const id = await failed(world, HALTING);
    const { view } = await retry(world, id, { from: "b" });
    await world.persistence.cancel(
      view.id,
      { owner: "asker.1", agent: "alpha", machine: "m" },
      true,
    );
    world.calls.length = 0;

    await world.agent("beta").work(view.id);

    expect(world.calls).toEqual(["beta: a revert"]);
    expect(await world.persistence.job(view.id)).toMatchObject({ state: "CANCELLED" });
  });

  it("P-39: refuses what would run on results that are not there any more", async () => {
    const world = await openWorld();
    const reverted = await failed(world, linear("a", "b", "c"));

    await expect(retry(world, reverted, { from: "b" })).rejects.toMatchObject({
      code: "CONFLICT",
      message: '"b" needs "a", which is REVERTED',
      hint: "Retry from a instead, or the whole job.",
    });
    const { created } = await retry(world, reverted, { from: "a" });
    expect(created).toBe(true);
  });

  it("P-39: hands results on once, for the first retry may have reverted them", async () => {
    const world = await openWorld();
    const id = await failed(world, HALTING);
    const { view } = await retry(world, id, { from: "b" });

    await expect(retry(world, id, { from: "b" })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(`job ${view.id} goes on`) as string,
    });
  });

  it("P-38: refuses a job that is not over, and names its state", async () => {
    const world = await openWorld();
    const { id } = await world.post();

    await expect(retry(world, id, {})).rejects.toMatchObject({
      code: "CONFLICT",
      message: `job ${id} is WAITING: it cannot be retried`,
    });
  });
});

async function retry(
  world: World,
  id: string,
  request: RetryRequest,
  key?: string,
): Promise<{ readonly created: boolean; readonly view: JobView }> {
  const origin = await world.persistence.job(id);
  const spec = origin?.spec ?? linear("a");
  const options = {
    ...telling(world),
    capabilities: BUILTIN_CAPABILITIES,
    runners: {
      prepare: (_flow: string, params: object) =>
        Promise.resolve({ version: 1, params, clauses: [], spec }),
    },
  } as unknown as JobsOptions;
  const { created, view } = await retryJob(options, id, { request, key });
  if ("removed" in view) throw new Error("removed");
  return { created, view };
}
