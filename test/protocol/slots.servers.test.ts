import pino from "pino";
import { describe, expect, inject, it } from "vitest";
import { Sweep } from "../../agent/sweep.js";
import { openMysqlPersistence } from "../../persistence/mysql/persistence.js";
import { boardUrl, freshPrefix, openBoardAt as openConsul } from "../boards/consul-subject.js";
import { databaseOfChapter } from "../contracts/mysql.js";
import { openBoardAt, ownPrefix, privateRedis, rawRedis } from "../contracts/redis.js";
import { closing } from "../contracts/sqlite.js";
import { FakeClock } from "../support/fake-clock.js";
import { tempDir } from "../support/temp.js";
import { raceForSlots } from "./slots-race.js";
import { gate, openWorld, type World, type WorldAgent } from "./world.js";

describe("slots on servers", { timeout: 120_000 }, () => {
  const empty = databaseOfChapter();

  it.each([1, 2, 3])(
    "P-45: are never more than there may be, and every job gets one (MariaDB, Redis, seed %d)",
    async (seed) => {
      const clock = new FakeClock();
      const [url, prefix] = [await empty(), ownPrefix()];
      const opening = {
        clock,
        persistence: async () => closing(openMysqlPersistence(url, { now: () => clock.now() })),
        board: () => openBoardAt(inject("redisUrl"), prefix, 60_000),
      };
      const race = { agents: 8, jobs: 20, limits: { one: 1, two: 2, three: 3 }, seed };

      const claims = await raceForSlots(opening, race);

      console.log(`${claims} claims for 60 jobs of three keys, 8 agents on MariaDB and Redis`);
      expect(claims).toBeLessThan(60 * 6);
    },
  );

  it("P-45: are never more than there may be on a board in Consul, too", async () => {
    const clock = new FakeClock();
    const [url, prefix] = [await empty(), freshPrefix()];
    const opening = {
      clock,
      persistence: async () => closing(openMysqlPersistence(url, { now: () => clock.now() })),
      board: () => openConsul(boardUrl(inject("consulUrl"), prefix), { leaseMs: 60_000 }),
    };
    const race = { agents: 4, jobs: 8, limits: { one: 1, two: 2 }, seed: 1 };

    const claims = await raceForSlots(opening, race);

    console.log(`${claims} claims for 16 jobs of two keys, 4 agents on MariaDB and Consul`);
    expect(claims).toBeLessThan(16 * 6);
  });

  it("P-31, P-45: a wiped board gets the waiting jobs back, and no slot twice", async () => {
    const redis = await privateRedis();
    const board = await openBoardAt(redis.url, ownPrefix(), 60_000);
    const world = await openWorld({ board });
    const { body, entered, open } = gate();
    const [alpha, beta] = [world.agent("alpha", { b: body }), world.agent("beta")];
    const sweep = sweepOf(world, "beta", beta);
    const concurrency = { key: "disk", limit: 1 };
    const [owned, one, two] = [
      await world.post({ concurrency }),
      await world.post({ concurrency }),
      await world.post({ concurrency }),
    ];
    await sweep.sweep();
    const working = alpha.work(owned.id);
    await entered;
    await beta.work(one.id); // Finds no slot: on the board again, for later.

    await rawRedis(redis.url).flushall();
    await sweep.sweep();
    world.boardId = sweep.boardId ?? "";
    expect((await board.exists([one.id, two.id])).size).toBe(2);
    for (const id of await world.claimable()) await beta.work(id);
    expect(world.calls).toEqual(["alpha: a", "alpha: b"]);
    open();
    await working;

    // The end of the first has offered the next one, and so on.
    for (let n = 0; n < 2; n += 1) {
      const [next, ...others] = await world.claimable();
      expect(others).toEqual([]);
      await beta.work(next ?? "");
    }
    for (const { id } of [owned, one, two]) {
      expect(await world.persistence.job(id)).toMatchObject({ state: "SUCCESS" });
    }
  });
});

function sweepOf(world: World, name: string, { claims }: WorldAgent): Sweep {
  return new Sweep({
    ...{ board: world.board, persistence: world.persistence, clock: world.clock, claims },
    log: pino({ level: "silent" }),
    identity: { agent: name, machine: `machine-${name}`, incarnation: name },
    tell: () => undefined,
    directory: tempDir(),
  });
}
