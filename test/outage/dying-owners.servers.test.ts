import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { failOver } from "../../scripts/lab/fleet/failover.js";
import { Fleet } from "../../scripts/lab/fleet/fleet.js";
import { type Place, type PlaceName, startPlace } from "../../scripts/lab/fleet/places.js";
import { sleepThroughLease } from "../../scripts/lab/fleet/zombies.js";

/*
 * Agents as processes on real servers, whose owners are killed and frozen. `npm run bench --
 * failover` and `-- zombie` do the same more often, and print how long it took.
 */

const LEASE_MS = 2_000;
const ROUNDS = 3;
const BOARDS: readonly PlaceName[] = ["redis", "consul"];

describe.each(BOARDS)("owners on %s", (name) => {
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-test-"));
  let place: Place;

  beforeAll(async () => {
    place = await startPlace(name, dir, ROUNDS + 1);
  }, 120_000);
  afterAll(async () => {
    await place[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  function openFleet(called: string): Promise<Fleet> {
    const own = join(dir, called);
    mkdirSync(own);
    const size = { owners: ROUNDS, jobsEach: 2 };
    return Fleet.open({ ...size, dir: own, place, leaseMs: LEASE_MS });
  }

  it("that are killed are replaced within a lease and a second", { timeout: 240_000 }, async () => {
    await using fleet = await openFleet("killed");

    const rounds = await failOver(fleet, place, { leaving: "kill", leaseMs: LEASE_MS });

    expect(rounds).toHaveLength(ROUNDS);
    expect(Math.max(...rounds.map(({ claimMs }) => claimMs))).toBeLessThan(LEASE_MS + 1_000);
    console.log(`${name}: ${rounds.map(({ claimMs }) => claimMs).join(", ")} ms to the next owner`);
  });

  it(
    "that sleep through their lease change nothing when they wake, and work on (P-12, P-21)",
    { timeout: 240_000 },
    async () => {
      await using fleet = await openFleet("frozen");

      for (const whole of [true, false]) {
        const { stopped, faults } = await sleepThroughLease(fleet, place, {
          ...{ leaseMs: LEASE_MS, whole },
        });
        expect({ stopped, faults }).toEqual({ stopped: ROUNDS, faults: [] });
      }
      // All owners take jobs again, each as many as it has slots, and end them.
      const batch = await fleet.fill(1);
      batch.release();
      await fleet.ended(batch.jobs);
      expect([...batch.owned.keys()].sort()).toEqual(fleet.owners.map((owner) => owner.name));
    },
  );
});
