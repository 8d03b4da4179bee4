import { describe, expect, it } from "vitest";
import { openBoard } from "../../boards/open.js";
import { openPersistence } from "../../persistence/open.js";
import { FakeClock } from "../support/fake-clock.js";
import { tempDir } from "../support/temp.js";
import { type Opening, raceForSlots } from "./slots-race.js";
import { LEASE_MS } from "./world.js";

/** Board and database in one file, with connections of its own for each agent. */
function inOneFile(): Opening {
  const clock = new FakeClock();
  const url = `sqlite:${tempDir()}/jobs.db`;
  const lease = { leaseMs: LEASE_MS, clock: { now: () => clock.monotonic(), era: "test" } };
  return {
    clock,
    persistence: () => openPersistence(url, { now: () => clock.now() }),
    board: () => openBoard(url, lease),
  };
}

describe("slots", { timeout: 90_000 }, () => {
  it.each([1, 2, 3])(
    "P-45: are never more than there may be, and every job gets one (seed %d)",
    async (seed) => {
      const race = { agents: 6, jobs: 12, limits: { one: 1, two: 2, three: 3 }, seed };

      const claims = await raceForSlots(inOneFile(), race);

      console.log(`${claims} claims for 36 jobs of three keys, 6 agents on one file`);
      expect(claims).toBeLessThan(36 * 6);
    },
  );
});
