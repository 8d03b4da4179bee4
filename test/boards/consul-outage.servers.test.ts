import { describe, expect, inject, it } from "vitest";
import { testBoardOutage } from "../contracts/board.js";
import { Proxy } from "../../scripts/lab/proxy.js";
import { until } from "../../scripts/lab/until.js";
import { posting, put } from "../contracts/board/subject.js";
import {
  boardUrl,
  claimOf,
  clientOf,
  controlsOf,
  deleteTree,
  freshPrefix,
  openBoardAt,
  openConsulPair,
  privateConsul,
} from "./consul-subject.js";
import { testIdleLoss, testOutages } from "./outages.js";

async function openServer() {
  const [consul, prefix] = [await privateConsul(), freshPrefix()];
  return { ...(await openConsulPair(consul.url, prefix)), ...controlsOf(consul, prefix) };
}

describe("the Consul board and its server", () => testBoardOutage(openServer));

async function openUrl() {
  const [consul, prefix] = [await privateConsul(), freshPrefix()];
  return { url: boardUrl(consul.url, prefix), ...controlsOf(consul, prefix) };
}

testOutages(openUrl);
testIdleLoss("the board was deleted", openUrl, ({ wipe }) => wipe());

describe("a Consul board of which somebody deleted a folder", () => {
  it.each(["waiting", "folders"])(
    "%s/ offers its jobs again after a sweep's look",
    async (folder) => {
      const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
      const board = await openBoardAt(boardUrl(consul, prefix));
      const ids = [await put(board), await put(board), await put(board, { delayMs: 60_000 })];
      const [first = ""] = ids;
      const survey = await board.survey();
      await deleteTree(consul, `${prefix}/${folder}`);
      expect(await board.candidates((await board.survey()).signatures, 5)).toEqual([]);

      const there = await (await board.inventory()).exists([...ids, "nobody"]);

      expect(there).toEqual(new Set(ids));
      expect((await board.survey()).signatures).toEqual(survey.signatures);
      expect(await board.claim(first, "a.1")).toBe("claimed");
    },
  );

  it("claims/ offers the jobs of dead owners again, and a living owner keeps its own", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const [board, dead] = [
      await openBoardAt(boardUrl(consul, prefix)),
      await openBoardAt(boardUrl(consul, prefix)),
    ];
    const [orphan, own] = [await put(board), await put(board)];
    await dead.claim(orphan, "dead.1");
    await board.claim(own, "a.1");
    await deleteTree(consul, `${prefix}/claims`);
    await dead[Symbol.asyncDispose]();

    await (await board.inventory()).exists([orphan, own]);

    expect(await board.claim(orphan, "a.2")).toBe("claimed");
    expect(await board.renew(new Map([[own, "a.1"]]))).toEqual(new Map([[own, "gone"]]));
    const posting = { id: own, signature: '[1,"hello",1]', priority: 0, delayMs: 0 };
    expect(await board.reclaim(posting, "a.1")).toBe("claimed");
  });

  it("jobs/ offers no job that has an owner twice, though a sweep puts it again", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const [board, other] = [
      await openBoardAt(boardUrl(consul, prefix)),
      await openBoardAt(boardUrl(consul, prefix)),
    ];
    const held = await put(board);
    await board.claim(held, "a.1");
    await deleteTree(consul, `${prefix}/jobs`);
    const again = posting({ id: held });

    await other.put([again]);
    expect(await other.candidates([again.signature], 5)).toHaveLength(1);
    expect(await other.claim(held, "b.1")).toBe("taken");

    expect(await other.candidates([again.signature], 5)).toEqual([]);
    expect(await board.renew(new Map([[held, "a.1"]]))).toEqual(new Map([[held, "ok"]]));
    await board.abandon(held, "a.1");
    expect(await other.claim(held, "b.2")).toBe("claimed");
  });

  it("jobs/ lets an owner give up a job whose entry is gone, for the next sweep", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const board = await openBoardAt(boardUrl(consul, prefix));
    const held = await put(board);
    await board.claim(held, "a.1");
    await deleteTree(consul, `${prefix}/jobs`);

    await board.abandon(held, "a.1");

    expect(await claimOf(clientOf(consul), prefix, held)).toBe(undefined);
    await board.put([posting({ id: held })]);
    expect(await board.claim(held, "a.2")).toBe("claimed");
  });

  it("costs a sweep four requests, however many jobs wait", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    await using proxy = await Proxy.start(Number(new URL(consul).port));
    const board = await openBoardAt(boardUrl(consul, prefix));
    const through = `http://127.0.0.1:${String(proxy.port)}`;
    const sweeper = await openBoardAt(boardUrl(through, prefix), { leaseMs: 600_000 });
    const postings = Array.from({ length: 300 }, () => posting());
    await board.put(postings);
    // Of its own watches one may ask in between: it has to be the same number once.
    await until(
      async () => {
        const before = proxy.requests;
        await sweeper.inventory();
        return proxy.requests - before === 4;
      },
      { withinMs: 5_000, what: "four requests" },
    );

    const inventory = await sweeper.inventory();
    await deleteTree(consul, prefix);

    // Known already: nothing is asked any more.
    const ids = postings.map(({ id }) => id);
    expect(await inventory.exists(ids)).toEqual(new Set(ids));
  });
});
