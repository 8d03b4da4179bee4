import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { getTree } from "../../consul/kv.js";
import { Proxy } from "../../scripts/lab/proxy.js";
import { signal } from "../../scripts/lab/processes.js";
import {
  type ConsulCluster,
  startConsulCluster,
} from "../../scripts/lab/servers/consul-cluster.js";
import type { ConsulServer } from "../../scripts/lab/servers/consul.js";
import { until } from "../../scripts/lab/until.js";
import { posting, put } from "../contracts/board/subject.js";
import { startChild } from "../protocol/child.js";
import { canStart, startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import { boardUrl, claimOf, clientOf, freshPrefix, openBoardAt } from "./consul-subject.js";

const LEASE_MS = 2_000;
const RESTART_LEASE_MS = 30_000;

/** The first claim that is granted, and how long that took, ms. */
async function claimedBy(board: JobBoard, id: string, claimId: string): Promise<number> {
  const from = performance.now();
  await until(async () => (await board.claim(id, claimId)) === "claimed", { withinMs: 30_000 });
  return performance.now() - from;
}

describe("an owner", () => {
  it("that is killed is replaced within a lease and a second", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const board = await openBoardAt(boardUrl(consul, prefix), { leaseMs: LEASE_MS });
    const id = await put(board);
    await board.changed(AbortSignal.timeout(5_000));
    const child = startChild("consul-holder.ts", [boardUrl(consul, prefix), String(LEASE_MS)]);
    expect(await child.next()).toBe("ready");
    child.send(`claim ${id} child.1`);
    expect(await child.next()).toBe("claimed");

    await child.kill("SIGKILL");
    const from = performance.now();
    const patience = AbortSignal.timeout(20_000);
    await board.changed(patience);
    const wokenMs = performance.now() - from;

    expect(await board.claim(id, "b.1")).toBe("claimed");
    expect(wokenMs).toBeLessThan(LEASE_MS + 1_000);
  });

  it("without a Consul agent of its own keeps claims by renewing, and loses them when killed", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const url = boardUrl(consul, prefix, "?session=ttl");
    const board = await openBoardAt(url, { leaseMs: 1_000 });
    const id = await put(board);
    const child = startChild("consul-holder.ts", [url, "1000"]);
    await child.next();
    child.send(`claim ${id} child.1`);
    expect(await child.next()).toBe("claimed");
    // Three times as long as a session lives that nobody renews.
    const end = performance.now() + 6_000;
    await until(() => performance.now() > end, { withinMs: 10_000, everyMs: 100 });
    expect(await board.claim(id, "b.1")).toBe("taken");

    await child.kill("SIGKILL");

    // Twice the time to live, and the machine's own delays.
    expect(await claimedBy(board, id, "b.2")).toBeLessThan(4_000);
  });

  it("that wakes up after its lease changes nothing, and is a healthy agent again (P-21)", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const board = await openBoardAt(boardUrl(consul, prefix), { leaseMs: LEASE_MS });
    const [id, next] = [await put(board), await put(board)];
    const zombie = startChild("consul-holder.ts", [boardUrl(consul, prefix), String(LEASE_MS)]);
    await zombie.next();
    zombie.send(`claim ${id} z.1`);
    expect(await zombie.next()).toBe("claimed");

    signal(zombie.pid, "SIGSTOP");
    await claimedBy(board, id, "b.1");
    signal(zombie.pid, "SIGCONT");
    const answers: unknown[] = [];
    for (const act of ["consume", "abandon", "renew", "claim"]) {
      zombie.send(`${act} ${id} z.1`);
      answers.push(await zombie.next());
    }

    expect(answers).toEqual(["done", "done", "taken", "taken"]);
    expect(await board.renew(new Map([[id, "b.1"]]))).toEqual(new Map([[id, "ok"]]));
    zombie.send(`claim ${next} z.2`);
    expect(await zombie.next()).toBe("claimed");
  });

  it("whose claims a predecessor held gives them back at once (P-33)", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const [before, after] = [
      await openBoardAt(boardUrl(consul, prefix)),
      await openBoardAt(boardUrl(consul, prefix)),
    ];
    const id = await put(before);
    await before.claim(id, "old.1");

    for (const [job, claimId] of await after.held("old")) await after.abandon(job, claimId);

    expect(await after.claim(id, "new.1")).toBe("claimed");
    expect(await before.renew(new Map([[id, "old.1"]]))).toEqual(new Map([[id, "taken"]]));
  });
});

describe("a lost answer (P-4)", () => {
  it("to a put, a claim, a renewal and a consume leaves each done once", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    await using proxy = await Proxy.start(Number(new URL(consul).port));
    const through = boardUrl(`http://127.0.0.1:${String(proxy.port)}`, prefix);
    const board = await openBoardAt(through);
    const other = await openBoardAt(boardUrl(consul, prefix));
    const made = posting();
    /** Answers are lost until the servers have done what was asked, then pass again. */
    const losing = async <T>(act: () => Promise<T>, done: () => Promise<boolean>): Promise<T> => {
      proxy.answers = "cut";
      const answer = act();
      await until(done, { withinMs: 5_000, everyMs: 1 });
      proxy.answers = "pass";
      return answer;
    };
    const client = clientOf(consul);
    const claim = async (): Promise<string | undefined> =>
      (await claimOf(client, prefix, made.id))?.value;

    await losing(
      () => board.put([made]),
      async () => (await other.exists([made.id])).size > 0,
    );
    await board.candidates([made.signature], 10);
    const claimed = await losing(
      () => board.claim(made.id, "a.1"),
      async () => (await claim()) === "a.1",
    );
    expect(claimed).toBe("claimed");
    expect(await other.claim(made.id, "b.1")).toBe("taken");
    await losing(
      () => board.consume(made.id, "a.1"),
      async () => (await other.exists([made.id])).size === 0,
    );

    const left = (await getTree(client, `${prefix}/`)).filter(({ key }) => key.includes(made.id));
    expect(left).toEqual([]);
  });
});

describe("a Consul agent of the machine", () => {
  it("that is restarted within half a lease costs no claim, and no session", async () => {
    const { consul, board, other, id, prefix } = await machine();
    const client = clientOf(consul.url);
    const before = await claimOf(client, prefix, id);

    // At once: no regular beat has been answered yet.
    await consul.server.kill();
    await consul.server.start();

    await until(async () => (await board.renew(new Map([[id, "a.1"]]))).get(id) === "ok", {
      withinMs: RESTART_LEASE_MS / 2,
    });
    expect((await claimOf(client, prefix, id))?.session).toBe(before?.session);
    expect(await other.claim(id, "b.1")).toBe("taken");
  });

  /** One machine with a Consul agent of its own, as two agents know it; `board` holds the job. */
  async function machine(): Promise<{
    consul: ConsulServer;
    board: JobBoard;
    other: JobBoard;
    id: string;
    prefix: string;
  }> {
    const consul = await startConsul(tempDir());
    const prefix = freshPrefix();
    onTestFinished(() => consul.server.kill());
    const lease = { leaseMs: RESTART_LEASE_MS }; // A busy machine restarts it in several seconds.
    const board = await openBoardAt(boardUrl(consul.url, prefix), lease);
    const other = await openBoardAt(boardUrl(consul.url, prefix), lease);
    const id = await put(board);
    expect(await board.claim(id, "a.1")).toBe("claimed");
    return { consul, board, other, id, prefix };
  }

  it("that forgets its services is told again, and the claim goes on", async () => {
    const { consul, board, other, id } = await machine();
    const services = await fetch(`${consul.url}/v1/agent/services`);
    const names = Object.keys((await services.json()) as Record<string, unknown>);
    for (const name of names) {
      await fetch(`${consul.url}/v1/agent/service/deregister/${name}`, { method: "PUT" });
    }

    const holds = async (): Promise<boolean> => {
      const answer = (await board.renew(new Map([[id, "a.1"]]))).get(id);
      const claim = (await getTree(clientOfMachine, "")).find(({ value }) => value === "a.1");
      return answer === "ok" && claim?.session !== "";
    };
    const clientOfMachine = clientOf(consul.url);
    await until(holds, { withinMs: RESTART_LEASE_MS });
    expect(await other.claim(id, "b.1")).toBe("taken");
  });
});

describe.skipIf(!canStart("consul"))("a cluster of three servers", () => {
  let cluster: ConsulCluster;
  let machines: readonly ConsulServer[];
  const dir = mkdtempSync(join(tmpdir(), "jobrunner-test-"));

  beforeAll(async () => {
    cluster = await startConsulCluster(dir, { servers: 3, clients: 2 });
    machines = cluster.clients;
  }, 120_000);
  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  });

  async function held(): Promise<{ board: JobBoard; other: JobBoard; id: string }> {
    const prefix = freshPrefix();
    const [here, there] = machines;
    if (here === undefined || there === undefined) throw new Error("two machines are needed");
    const board = await openBoardAt(boardUrl(here.url, prefix), { leaseMs: LEASE_MS });
    const other = await openBoardAt(boardUrl(there.url, prefix), { leaseMs: LEASE_MS });
    const id = await put(board);
    expect(await board.claim(id, "a.1")).toBe("claimed");
    return { board, other, id };
  }

  const stillHeld = (board: JobBoard, id: string): Promise<boolean> =>
    until(async () => (await board.renew(new Map([[id, "a.1"]]))).get(id) === "ok", {
      withinMs: 30_000,
      what: "a renewal",
    });

  it("keeps claims when its leader is killed, and takes jobs again soon", async () => {
    const { board, other, id } = await held();
    const leader = await cluster.leader();

    await leader.server.kill();
    await until(async () => put(board), { withinMs: 20_000 });

    expect(await stillHeld(board, id)).toBe(true);
    expect(await other.claim(id, "b.1")).toBe("taken");
    await leader.server.start();
  });

  it("keeps claims when its leader freezes; no request hangs longer than its time-out", async () => {
    const { board, other, id } = await held();
    const leader = await cluster.leader();
    leader.server.pause();

    const from = performance.now();
    await Promise.allSettled([board.survey(), other.exists([id])]);
    const tookMs = performance.now() - from;
    leader.server.resume();

    expect(tookMs).toBeLessThan(6_000);
    expect(await stillHeld(board, id)).toBe(true);
    expect(await until(() => other.claim(id, "b.1"), { withinMs: 30_000 })).toBe("taken");
  });

  it("says BOARD_DOWN without a quorum, and has every claim when it is back", async () => {
    const { board, other, id } = await held();
    const leader = await cluster.leader();
    const followers = cluster.servers.filter((server) => server !== leader);

    await Promise.all(followers.map(({ server }) => server.kill()));
    const down = until(
      () =>
        board.put([posting()]).then(
          () => false,
          (error: { code?: string }) => error.code,
        ),
      { withinMs: 30_000 },
    );
    expect(await down).toBe("BOARD_DOWN");
    await Promise.all(followers.map(({ server }) => server.start()));

    expect(await stillHeld(board, id)).toBe(true);
    expect(await until(() => other.claim(id, "b.1"), { withinMs: 30_000 })).toBe("taken");
  });

  it("gives the jobs of a machine that is gone to another within 12 s", async () => {
    const { other, id } = await held();
    const [here] = machines;
    // The owner's Consul agent takes the owner's beats with it.
    const from = performance.now();
    await here?.server.kill();

    await claimedBy(other, id, "b.1");
    const tookMs = performance.now() - from;
    await here?.server.start();

    expect(tookMs).toBeLessThan(12_000);
  });
});
