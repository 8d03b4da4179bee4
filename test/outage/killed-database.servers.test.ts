import { describe, expect, it } from "vitest";
import type { MariadbServer } from "../../scripts/lab/servers/mariadb.js";
import { until } from "../../scripts/lab/until.js";
import { openMysql, query } from "../contracts/mysql.js";
import { closing } from "../contracts/sqlite.js";
import { startMariadb } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import { BACK_WITHIN_MS, type Cluster, openCluster } from "./cluster.js";

/*
 * The database is killed, stopped and frozen under 50 running flows. JOBRUNNER_KILLS says how often
 * it is killed, JOBRUNNER_OUTAGE_MS for how long it is stopped.
 */

const KILLS = Number(process.env["JOBRUNNER_KILLS"] ?? 3);
const OUTAGE_MS = Number(process.env["JOBRUNNER_OUTAGE_MS"] ?? 6_000);
const FLOWS = 50;

async function database(): Promise<MariadbServer> {
  const mariadb = await startMariadb(tempDir());
  closing(mariadb.server);
  return mariadb;
}

interface Load {
  /** No more flows; resolves when the last posting is through. */
  end(): Promise<void>;
}

/** Keeps 50 flows running. */
function keepRunning(cluster: Cluster): Load {
  const done = new AbortController();
  const running = run(cluster, done.signal);
  closing({ [Symbol.asyncDispose]: () => Promise.resolve(done.abort()) });
  return {
    end: async () => {
      done.abort();
      await running;
    },
  };
}

async function run(cluster: Cluster, done: AbortSignal): Promise<void> {
  const { witness } = cluster;
  while (!done.aborted) {
    const wanted = FLOWS - (cluster.jobs.length - witness.ended);
    if (wanted > 0) await cluster.post(wanted);
    else await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Waits until a job that was posted before has gone on; how long that took, ms. */
async function goesOn({ witness }: Cluster): Promise<number> {
  const start = performance.now();
  const before = witness.acknowledged;
  await until(() => witness.acknowledged > before + FLOWS, {
    withinMs: BACK_WITHIN_MS,
    everyMs: 5,
    what: "entries to be acknowledged again",
  });
  return performance.now() - start;
}

async function version(url: string): Promise<string> {
  const [row] = await query(url, "SELECT @@version AS version");
  return String(row?.["version"]);
}

async function checkEnds(cluster: Cluster, url: string): Promise<void> {
  expect(new Set(await cluster.ends())).toEqual(new Set(["SUCCESS"]));
  expect(await cluster.witness.missing(await openMysql(url))).toEqual([]);
  expect(cluster.witness.ranAgain).toEqual([]);
}

describe("a database that goes away under 50 flows", () => {
  it(
    `keeps every acknowledged entry when it is killed ${KILLS} times`,
    { timeout: 60_000 + KILLS * 30_000 },
    async () => {
      const { url, server } = await database();
      const cluster = await openCluster(url);
      const load = keepRunning(cluster);
      const backMs: number[] = [];

      for (let round = 0; round < KILLS; round += 1) {
        await goesOn(cluster);
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 200)); // Anywhere.
        await server.kill();
        await server.start();
        backMs.push(Math.round(await goesOn(cluster)));
      }
      await load.end();

      await checkEnds(cluster, url);
      const { acknowledged } = cluster.witness;
      console.log(
        `note: MariaDB ${await version(url)}, Node ${process.versions.node}: ` +
          `${cluster.jobs.length} flows, ${acknowledged} entries, ${KILLS} kills, went on after ${backMs.join(", ")} ms`,
      );
    },
  );

  it(
    `waits while it is stopped for ${OUTAGE_MS} ms, and says so`,
    { timeout: 120_000 + OUTAGE_MS },
    async () => {
      const { url, server } = await database();
      const cluster = await openCluster(url);
      const load = keepRunning(cluster);
      await goesOn(cluster);

      await server.stop();
      const stopped = performance.now();
      const down = await until(async () => refused(await cluster.health()), { withinMs: 10_000 });
      const before = cluster.witness.acknowledged;
      await until(() => performance.now() - stopped > OUTAGE_MS, { withinMs: OUTAGE_MS + 1_000 });
      expect(cluster.witness.acknowledged).toBe(before);
      await server.start();
      const backMs = Math.round(await goesOn(cluster));

      expect(down).toContain("cannot be reached");
      await until(async () => (await cluster.health()).ok, { withinMs: BACK_WITHIN_MS });
      await load.end();
      await checkEnds(cluster, url);
      console.log(
        `note: MariaDB ${await version(url)}, Node ${process.versions.node}: stopped for ` +
          `${OUTAGE_MS} ms, went on ${backMs} ms after its return`,
      );
    },
  );

  it("notices that it is frozen, and goes on when it thaws", { timeout: 90_000 }, async () => {
    const { url, server } = await database();
    const cluster = await openCluster(url);
    const load = keepRunning(cluster);
    await goesOn(cluster);

    server.pause();
    const down = await until(async () => refused(await cluster.health()), { withinMs: 15_000 });
    server.resume();
    await goesOn(cluster);

    await load.end();
    expect(down).toContain("does not answer");
    await checkEnds(cluster, url);
  });
});

it("a frozen database does not answer, also for those that wait for a connection", async () => {
  const { url, server } = await database();
  const persistence = await openMysql(url);
  await persistence.job("nobody");
  closing({ [Symbol.asyncDispose]: () => Promise.resolve(server.resume()) });

  server.pause();
  // Two at a time, and calls end one after another: that is no sign of life.
  const asked = Array.from({ length: 6 }, async (_, n) => {
    await new Promise((resolve) => setTimeout(resolve, (n + 1) * 400));
    return persistence.job("nobody").then(String, String);
  });
  const said = await Promise.all(asked);
  server.resume();

  for (const each of said) expect(each).toContain("does not answer");
}, 60_000);

/** What is wrong with persistence, if anything is. */
function refused(health: Awaited<ReturnType<Cluster["health"]>>): string | undefined {
  const check = health.checks.find(({ name }) => name === "persistence");
  return check?.ok === false ? check.detail : undefined;
}
