import pino from "pino";
import { expect, inject, it } from "vitest";
import { Sweep } from "../../agent/sweep.js";
import { gate, LEASE_MS, openWorld, type World, type WorldAgent } from "../protocol/world.js";
import { tempDir } from "../support/temp.js";
import { boardUrl, deleteTree, freshPrefix, openBoardAt } from "./consul-subject.js";

function sweepOf(world: World, name: string, { claims }: WorldAgent): Sweep {
  return new Sweep({
    ...{ board: world.board, persistence: world.persistence, clock: world.clock, claims },
    log: pino({ level: "silent" }),
    identity: { agent: name, machine: `machine-${name}`, incarnation: name },
    tell: (event) => void world.told.push({ agent: name, ...event }),
    directory: tempDir(),
  });
}

it("a deleted board is put back from persistence, and no task runs twice (P-30, P-31)", async () => {
  const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
  const board = await openBoardAt(boardUrl(consul, prefix), { leaseMs: LEASE_MS });
  const world = await openWorld({ board });
  const { body, entered, open } = gate();
  const [alpha, beta] = [world.agent("alpha", { b: body }), world.agent("beta")];
  const [sweepAlpha, sweepBeta] = [sweepOf(world, "alpha", alpha), sweepOf(world, "beta", beta)];
  const [owned, ...waiting] = [await world.post(), await world.post(), await world.post()];
  await sweepAlpha.sweep();
  await sweepBeta.sweep();
  const working = alpha.work(owned.id);
  await entered;

  await deleteTree(consul, prefix);
  await sweepBeta.sweep();
  await sweepAlpha.sweep();

  // Everything is there again under another identity; the owned job waits for its owner.
  expect(sweepBeta.boardId).toBe((await board.identity()).id);
  expect(sweepBeta.boardId).not.toBe(world.boardId);
  expect(sweepAlpha.boardId).toBe(sweepBeta.boardId);
  expect((await board.exists([owned, ...waiting].map(({ id }) => id))).size).toBe(3);
  expect([...(await world.claimable())].sort()).toEqual(waiting.map(({ id }) => id).sort());

  world.boardId = sweepBeta.boardId ?? "";
  await alpha.claims.renewNow();
  expect(await beta.claims.claim(owned.id)).toBe(undefined);
  for (const { id } of waiting) await beta.work(id);
  open();
  await working;

  const states = await Promise.all(
    [owned, ...waiting].map(async ({ id }) => {
      const row = await world.persistence.job(id);
      return { state: row?.state, token: row?.token };
    }),
  );
  expect(states).toEqual(states.map(() => ({ state: "SUCCESS", token: 1 })));
  const once = ["a", "b", "c"];
  const byBeta = once.map((atom) => `beta: ${atom}`);
  expect(world.calls.filter((call) => call.startsWith("beta"))).toEqual([...byBeta, ...byBeta]);
  expect(world.calls.filter((call) => call.startsWith("alpha"))).toEqual(
    once.map((atom) => `alpha: ${atom}`),
  );
  expect(await world.claimable()).toEqual([]);
});
