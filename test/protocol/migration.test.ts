import { describe, expect, it } from "vitest";
import { flowHash } from "../../agent/flow-hash.js";
import { askJob } from "../../agent/jobs/asking.js";
import type { FlowDefinition } from "../../sdk/define-flow.js";
import { defineFlow, type Migration, z } from "../../sdk/index.js";
import { owned } from "../contracts/samples.js";
import { telling } from "./ended.js";
import { gate, LEASE_MS, openWorld, type World } from "./world.js";

interface Shape {
  readonly version?: number;
  readonly migrations?: Readonly<Record<number, Migration>>;
  readonly params?: z.ZodObject;
}

/** A flow of tasks in a row; each is given its own name, so that none fails for want of input. */
function row(names: readonly string[], shape: Shape = {}): FlowDefinition {
  return defineFlow({
    name: "flow",
    ...shape,
    build(f) {
      for (const name of names) f.task(name, { execute: () => name });
    },
  });
}

async function post(world: World, flow: FlowDefinition) {
  const { version, clauses, spec, params } = flow.prepare({});
  const needs = { protocol: 1, flow: flow.name, version, clauses };
  return world.post({ needs, spec, params, flowHash: flowHash(spec) });
}

/** Runs until that atom, and loses the job while it is in there: nobody knows how it ends. */
async function loseIn(world: World, id: string, atom: string, flow: FlowDefinition): Promise<void> {
  const { entered, open, body } = gate();
  const working = world.agent("alpha", { [atom]: body }, flow).work(id);
  await entered;
  await owned(world.persistence, id, { boardId: world.boardId });
  open();
  await working;
}

/** One claim after another, until the board offers the job no more; at most a few. */
async function work(world: World, id: string, name: string, flow: FlowDefinition): Promise<void> {
  const agent = world.agent(name, {}, flow);
  for (let claims = 0; claims < 5 && (await world.claimable()).includes(id); claims += 1) {
    await agent.work(id);
  }
}

describe("a job whose flow has changed", () => {
  it("is parked with each difference when the version is the same", async () => {
    const world = await openWorld();
    const { id } = await post(world, row(["a", "b"]));

    await work(world, id, "alpha", row(["a", "c"]));

    const job = await world.persistence.job(id);
    expect(job).toMatchObject({ state: "SUSPENDED", reason: { code: "FLOW_CHANGED" } });
    expect(job?.reason?.details).toEqual(['task "b" is gone', 'task "c" is new, in "flow"']);
    expect(world.calls).toEqual([]);
  });

  it("P-24: ends at once when it is cancelled before anything of it ran", async () => {
    const world = await openWorld();
    const { id } = await post(world, row(["a"]));
    await work(world, id, "alpha", row(["b"]));

    const { done, view } = await askJob(telling(world), id, { verb: "cancel", revert: true });

    expect([done, view.state]).toEqual([true, "CANCELLED"]);
    expect(await world.board.exists([id])).toEqual(new Set());
  });

  it("P-24: is not parked again when it is cancelled after it was resumed", async () => {
    const world = await openWorld();
    const { id } = await post(world, row(["a"]));
    await work(world, id, "alpha", row(["b"]));
    await askJob(telling(world), id, { verb: "resume", revert: true });
    await askJob(telling(world), id, { verb: "cancel", revert: true });

    await work(world, id, "beta", row(["b"]));

    expect(await world.persistence.job(id)).toMatchObject({ state: "CANCELLED" });
    expect(world.calls).toEqual([]);
  });

  it("goes on in the newer version, with renamed tasks, new ones, and new parameters", async () => {
    const world = await openWorld();
    const first = row(["a", "b"], { params: z.object({ n: z.int().default(1) }) });
    const second = row(["one", "b", "c"], {
      version: 2,
      params: z.object({ text: z.string() }),
      migrations: { 1: { renamed: { a: "one" }, params: ({ n }) => ({ text: `n=${String(n)}` }) } },
    });
    const { id } = await post(world, first);
    await loseIn(world, id, "b", first);

    await work(world, id, "beta", second);

    expect(world.calls).toEqual(["alpha: a", "alpha: b", "beta: b", "beta: c"]);
    expect(await world.persistence.job(id)).toMatchObject({
      state: "SUCCESS",
      needs: { version: 2 },
      params: { text: "n=1" },
      flowHash: flowHash(second.prepare({ text: "" }).spec),
    });
    const entries = await world.persistence.load(id);
    expect(entries.flatMap(({ changes }) => changes)).toContainEqual({
      change: "migrated",
      from: 1,
      to: 2,
      renamed: { a: "one" },
    });
    expect(JSON.stringify(entries[0])).toContain('"atom":"one"');
  });

  it("migrates before anybody owned it", async () => {
    const world = await openWorld();
    const { id } = await post(world, row(["a"]));

    await work(world, id, "alpha", row(["z"], { version: 2, migrations: { 1: {} } }));

    expect(world.calls).toEqual(["alpha: z"]);
    expect((await world.persistence.load(id))[0]?.changes).toMatchObject([{ change: "migrated" }]);
  });

  it("is parked with the reasons when what has begun is not there any more", async () => {
    const world = await openWorld();
    const first = row(["a", "b"]);
    const { id } = await post(world, first);
    await loseIn(world, id, "b", first);
    const before = await world.persistence.job(id);

    await work(world, id, "beta", row(["b"], { version: 2, migrations: { 1: {} } }));

    const job = await world.persistence.job(id);
    expect(job).toMatchObject({ state: "SUSPENDED", needs: { version: 1 } });
    expect(job?.flowHash).toBe(before?.flowHash);
    expect(job?.reason?.details).toEqual(['"a" has been begun or decided upon, and is gone']);
    expect(world.calls).toEqual(["alpha: a", "alpha: b"]);
  });

  it("is parked when its parameters cannot be made to fit", async () => {
    const world = await openWorld();
    const { id } = await post(world, row(["a"]));
    const params = z.object({ text: z.string() });

    await work(world, id, "alpha", row(["a"], { version: 2, params, migrations: { 1: {} } }));

    expect((await world.persistence.job(id))?.reason?.message).toContain("text: Invalid input");
  });

  it("is migrated by nobody whose token is old", async () => {
    const world = await openWorld();
    const first = row(["a", "b"]);
    const second = row(["a", "b", "c"], { version: 2, migrations: { 1: {} } });
    const { id } = await post(world, first);
    await loseIn(world, id, "b", first);
    const { append } = world.persistence;
    const beta = world.agent("beta", {}, second);
    let taken = false;
    world.persistence.append = async (appends) => {
      const migrates = appends.some(({ flow }) => flow !== undefined);
      if (migrates && !taken) {
        taken = true; // Somebody else raises the token just before.
        const seen = (await world.persistence.job(id))?.token ?? 0;
        const raise = { job: id, seen, owner: "gamma.1", agent: "gamma", machine: "gamma" };
        await world.persistence.raise({ ...raise, boardId: world.boardId });
      }
      return append.call(world.persistence, appends);
    };

    await beta.work(id);

    expect(taken).toBe(true);
    expect(await world.persistence.job(id)).toMatchObject({
      needs: { version: 1 },
      flowHash: flowHash(first.prepare({}).spec),
    });
  });

  it("goes back to the board under its version when it was offered under an older one", async () => {
    const world = await openWorld();
    const first = row(["a", "b"]);
    const second = row(["a", "b"], { version: 2, migrations: { 1: {} } });
    const { id } = await post(world, first);
    const { consume } = world.board;
    // It migrates, and dies before the board hears of it.
    world.board.consume = () => Promise.reject(new Error("dead"));
    await world.agent("alpha", {}, second).work(id);
    world.board.consume = consume;
    await world.clock.advance(3 * LEASE_MS);
    expect((await world.board.survey()).signatures[0]).toContain('"flow",1');

    await world.agent("beta", {}, first).work(id);

    expect(await world.persistence.job(id)).toMatchObject({ state: "RUNNING" });
    await world.clock.advance(2 * LEASE_MS);
    expect((await world.board.survey()).signatures[0]).toContain('"flow",2');
    await work(world, id, "gamma", second);
    expect(world.calls).toEqual(["gamma: a", "gamma: b"]);
  });
});
