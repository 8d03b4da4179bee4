import { describe, expect, inject, it } from "vitest";
import { openBoard } from "../../boards/open.js";
import { getTree } from "../../consul/kv.js";
import { listSessions } from "../../consul/session.js";
import { Proxy } from "../../scripts/lab/proxy.js";
import { until } from "../../scripts/lab/until.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import { testJobBoard } from "../contracts/board.js";
import { type BoardUnderTest, offered, posting, put } from "../contracts/board/subject.js";
import {
  boardUrl,
  claimOf,
  clientOf,
  deleteTree,
  endSessions,
  freshPrefix,
  openBoardAt,
  openConsulPair,
} from "./consul-subject.js";

const openTwo = (): Promise<BoardUnderTest> => openConsulPair(inject("consulUrl"), freshPrefix());

describe("the board in Consul (P-29)", () => testJobBoard(openTwo));

describe("what an earlier Consul board of this kind got wrong", () => {
  it("a claim is bound to a session: nobody keeps a job by having died", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const client = clientOf(consul);
    const dead = await openBoardAt(boardUrl(consul, prefix), { holder: "dead" });
    const other = await openBoardAt(boardUrl(consul, prefix), { holder: "other" });
    const id = await put(dead);
    await dead.claim(id, "dead.1");
    expect((await claimOf(client, prefix, id))?.session).not.toBe("");

    await endSessions(client, prefix, "dead");

    await until(async () => (await other.survey()).signatures.length > 0, { withinMs: 5_000 });
    expect(await other.claim(id, "other.1")).toBe("claimed");
  });

  it("consume looks whose the job is, and takes entry and claim away in one act", async () => {
    const { board, other } = await openTwo();
    const id = await put(board);
    await board.claim(id, "a.1");

    await other.consume(id, "b.1");
    expect(await board.renew(new Map([[id, "a.1"]]))).toEqual(new Map([[id, "ok"]]));

    await board.consume(id, "a.1");
    expect(await other.exists([id])).toEqual(new Set());
    expect(await other.held("a")).toEqual(new Map());
  });

  it("abandon keeps the job", async () => {
    const { board, other } = await openTwo();
    const id = await put(board);
    await board.claim(id, "a.1");

    await board.abandon(id, "a.1");

    expect(await other.exists([id])).toEqual(new Set([id]));
    expect(await other.claim(id, "b.1")).toBe("claimed");
  });

  it("waits by a blocking query: an idle agent asks less than twice a second", async () => {
    // Of its own: sessions that other tests end are news to every board on the shared one.
    const { url: consul, port, server } = await startConsul(tempDir());
    await using _ = server;
    const prefix = freshPrefix();
    await using proxy = await Proxy.start(port);
    const through = `http://127.0.0.1:${String(proxy.port)}`;
    // Beats come every half of the lease.
    const board = await openBoardAt(boardUrl(through, prefix), { leaseMs: 2_000 });
    const other = await openBoardAt(boardUrl(consul, prefix));
    const stop = new AbortController();
    const changed = board.changed(stop.signal);
    const seconds = 4;
    const passed = (ms: number): Promise<unknown> => {
      const end = performance.now() + ms;
      return until(() => performance.now() > end, { withinMs: 2 * ms });
    };

    await passed(2_000); // Both boards have taken their first looks.
    const before = proxy.requests;
    await passed(seconds * 1_000);
    const idle = proxy.requests - before;
    await put(other);
    await changed;

    // A beat a second for the shortest lease; with the usual 10 s it is one in 5 s.
    expect(idle).toBeLessThanOrEqual(seconds + 2);
    stop.abort();
  });

  it("hears at once what it missed while it was cut off, though its query hangs on the old line", async () => {
    const prefix = freshPrefix();
    await using proxy = await Proxy.start(Number(new URL(inject("consulUrl")).port));
    const board = await openBoardAt(boardUrl(`http://127.0.0.1:${String(proxy.port)}`, prefix));
    const other = await openBoardAt(boardUrl(inject("consulUrl"), prefix));
    await board.survey();
    const stop = new AbortController();
    const changed = board.changed(stop.signal);

    proxy.answers = "swallow";
    await expect(board.survey()).rejects.toMatchObject({ code: "BOARD_DOWN" });
    const id = await put(other);
    proxy.answers = "pass";
    const answeredAt = await until(() => board.survey().then(() => performance.now()), {
      withinMs: 10_000,
    });
    await changed;

    expect(performance.now() - answeredAt).toBeLessThan(3_000);
    expect(await offered(board)).toEqual([id]);
    stop.abort();
  });

  it("one key a posting, its place and its folder: nothing is left of a job that is over", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const client = clientOf(consul);
    const board = await openBoardAt(boardUrl(consul, prefix));
    await board.identity();
    const names = async (): Promise<readonly string[]> =>
      (await getTree(client, `${prefix}/`)).map(({ key }) => key.slice(prefix.length + 1));
    const empty = await names();

    const id = await put(board);
    expect(await names()).toHaveLength(empty.length + 3);
    expect(await offered(board)).toEqual([id]);
    await board.claim(id, "a.1");
    expect(await names()).toHaveLength(empty.length + 2);
    await board.consume(id, "a.1");

    expect(await names()).toEqual(empty);
  });

  it("the owner can be read, by agents and by people", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const client = clientOf(consul);
    const board = await openBoardAt(boardUrl(consul, prefix), { holder: "laptop-anna" });
    const id = await put(board);
    await board.claim(id, "a.1");

    const claim = await claimOf(client, prefix, id);
    const { body = [] } = await listSessions(client);

    expect(claim?.value).toBe("a.1");
    expect(body.find((session) => session.id === claim?.session)?.name).toContain("laptop-anna");
    expect(await board.held("a")).toEqual(new Map([[id, "a.1"]]));
  });
});

describe("entries in Consul", () => {
  it("are put by the hundred, and those that are there already stay as they are", async () => {
    const { board, other } = await openTwo();
    const made = Array.from({ length: 150 }, () => posting());
    await board.put(made.slice(0, 70));
    const held = made[3]?.id ?? "";
    await board.claim(held, "a.1");

    await other.put(made);

    expect((await other.exists(made.map(({ id }) => id))).size).toBe(150);
    expect(await other.candidates([made[0]?.signature ?? ""], 200)).toHaveLength(149);
    expect(await board.renew(new Map([[held, "a.1"]]))).toEqual(new Map([[held, "ok"]]));
  });

  it("become claimable in crowds when their time has come", async () => {
    const { board, advance } = await openTwo();
    const made = Array.from({ length: 90 }, () => posting({ delayMs: 4_000 }));
    await board.put([...made, posting({ delayMs: 5_000 })]);

    await advance(4_000);

    expect(await board.survey()).toEqual({ signatures: [made[0]?.signature], nextInMs: 1_000 });
    expect(await board.candidates([made[0]?.signature ?? ""], 200)).toHaveLength(90);
  });

  it("take signatures of any text and length", async () => {
    const { board, other } = await openTwo();
    const signature = JSON.stringify([1, "grüße/../%2F ", 1, ["has_tag", "x".repeat(100_000)]]);
    const id = await put(board, { signature });

    expect(await other.survey()).toEqual({ signatures: [signature] });
    expect(await other.candidates([signature], 5)).toEqual([{ id, signature }]);
  });

  it("wake agents again after somebody deleted the board, which is another one then (P-30)", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const [board, other] = await Promise.all([
      openBoardAt(boardUrl(consul, prefix)),
      openBoardAt(boardUrl(consul, prefix)),
    ]);
    const before = await board.identity();
    const made = posting();
    await board.put([made]);
    await board.claim(made.id, "a.1");

    await deleteTree(consul, prefix);

    await board.changed(AbortSignal.timeout(5_000));
    const after = await other.identity();
    expect(after).toEqual({ id: expect.not.stringMatching(before.id) as string, stamped: true });
    expect(await board.renew(new Map([[made.id, "a.1"]]))).toEqual(new Map([[made.id, "gone"]]));
    expect(await board.reclaim(made, "a.1")).toBe("claimed");
    const woken = other.changed(AbortSignal.timeout(5_000));
    await put(board);
    await woken;
    expect((await other.survey()).signatures).toHaveLength(1);
  });
});

describe("opening a board in Consul", () => {
  it("goes by the URL, and refuses one that means nothing with a hint", async () => {
    const consul = inject("consulUrl");
    await using board = await openBoard(boardUrl(consul, freshPrefix()), { leaseMs: 500 });
    expect(board.traits).toEqual({ reach: "cluster", wakes: "push", leaseMs: 2_000 });

    const mistakes = ["consul:", "consul://h/a//b", "consul://u:p@h/", "consul://h/a?sesion=ttl"];
    for (const url of [...mistakes, boardUrl(consul, "p", "?session=none")]) {
      await expect(openBoard(url, { leaseMs: 10_000 })).rejects.toMatchObject({
        code: "USAGE",
        hint: expect.any(String) as string,
      });
    }
  });

  it("says when nobody answers there", async () => {
    await expect(openBoard("consul://127.0.0.1:1/p", { leaseMs: 10_000 })).rejects.toMatchObject({
      code: "BOARD_DOWN",
      retryable: true,
      hint: expect.stringContaining("leader") as string,
    });
  });

  it("refuses a session that may not be so short", async () => {
    const url = boardUrl(inject("consulUrl"), freshPrefix(), "?session=ttl");

    await expect(openBoard(url, { leaseMs: 500 })).rejects.toMatchObject({
      code: "USAGE",
      hint: expect.stringContaining("session_ttl_min") as string,
    });
  });
});
