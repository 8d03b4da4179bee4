import { describe, expect, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { openBoard } from "../../boards/open.js";
import { closing } from "../contracts/sqlite.js";
import { EACH_ONCE, endsByJob, openCluster, post } from "./cluster.js";

/** The server of a board, which the test may treat badly. */
export interface ServerUnderTest {
  readonly url: string;
  kill(): Promise<void>;
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
  wipe(): Promise<void>;
}

/** Longer than a server takes to start again, on a busy machine too. */
const LONG_LEASE_MS = 20_000;
const SHORT_LEASE_MS = 2_000;
const JOBS = 12;
/** A look is 2 s away; the rest is for a busy machine. The regular sweep is up to 35 s away. */
const BACK_WITHIN_MS = 12_000;
const REGULAR_SWEEP_MS = 45_000;
/** Two agents of four slots each. */
const RUNNING = 8;

/** What becomes of running and waiting jobs when their board fails; the same on every board. */
export function testOutages(open: () => Promise<ServerUnderTest>): void {
  describe("agents whose board fails", { timeout: 90_000 }, () => {
    it("lose no job and run none twice when all its data is gone (P-30, P-31)", async () => {
      const { scene, server, letGo } = await running(open, LONG_LEASE_MS);
      const before = await scene.persistence.boardId();

      await server.wipe();
      // A renewal finds it out, long before the next regular sweep.
      const noticed = async (): Promise<boolean> => (await scene.persistence.boardId()) !== before;
      await until(noticed, { withinMs: LONG_LEASE_MS, what: "agents to notice" });
      const ended = await letGo();

      expect(ended.map(({ state }) => state)).toEqual(Array(JOBS).fill("SUCCESS"));
      expect(ended.map(({ owners }) => owners.length)).toEqual(Array(JOBS).fill(1));
      expect([...endsByJob(scene.effects()).values()]).toEqual(Array(JOBS).fill(EACH_ONCE));
    });

    it("go on with what runs when it is killed and is back within the lease", async () => {
      const { scene, server, letGo } = await running(open, LONG_LEASE_MS);

      await server.kill();
      await server.start();
      const ended = await letGo();

      expect(ended.map(({ state }) => state)).toEqual(Array(JOBS).fill("SUCCESS"));
      expect(ended.map(({ owners }) => owners.length)).toEqual(Array(JOBS).fill(1));
      expect([...endsByJob(scene.effects()).values()]).toEqual(Array(JOBS).fill(EACH_ONCE));
    });

    it("stop when it is silent for longer than the lease, and go on at the very step", async () => {
      const { scene, server, letGo } = await running(open, SHORT_LEASE_MS);
      server.freeze();
      const frozenAt = performance.now();
      const over = (): boolean => performance.now() - frozenAt > SHORT_LEASE_MS * 2;
      await until(over, { withinMs: SHORT_LEASE_MS * 3, what: "all leases to end" });
      server.thaw();

      const ended = await letGo();

      expect(ended.map(({ state }) => state)).toEqual(Array(JOBS).fill("SUCCESS"));
      expect([...endsByJob(scene.effects()).values()]).toEqual(Array(JOBS).fill(EACH_ONCE));
      // Each entry belongs to the ownership that was the current one.
      for (const { id } of ended) {
        const tokens = (await scene.persistence.load(id)).map(({ token }) => token);
        expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
      }
    });
  });
}

/** The jobs of an idle cluster, whose agent looks every 2 s at what it cannot run. */
export function testIdleLoss<T extends Pick<ServerUnderTest, "url">>(
  what: string,
  open: () => Promise<T>,
  lose: (server: T) => Promise<void>,
): void {
  it(`waiting jobs are on the board again 2 s after ${what} (P-31)`, async () => {
    const server = await open();
    const scene = await openCluster(server.url, LONG_LEASE_MS);
    const alpha = await scene.agent("alpha");
    const waiting = await post(alpha, { flow: "hello", require: ["has_tag(nowhere)"] });
    const board = closing(await openBoard(server.url, { leaseMs: LONG_LEASE_MS }));
    const there = async (): Promise<boolean> => (await board.exists([waiting])).has(waiting);
    await until(there, { withinMs: 10_000, what: "the job to wait" });

    await lose(server);
    const lostAt = performance.now();
    await until(there, { withinMs: REGULAR_SWEEP_MS, everyMs: 50, what: "the job to be back" });

    expect(performance.now() - lostAt).toBeLessThan(BACK_WITHIN_MS);
  });
}

async function running(open: () => Promise<ServerUnderTest>, leaseMs: number) {
  const server = await open();
  const scene = await openCluster(server.url, leaseMs);
  const [alpha] = [await scene.agent("alpha"), await scene.agent("beta")];
  const jobs = await scene.post(alpha, JOBS);
  await scene.holding(RUNNING);
  const letGo = () => {
    scene.letGo();
    return scene.ended(alpha, jobs);
  };
  return { scene, server, letGo };
}
