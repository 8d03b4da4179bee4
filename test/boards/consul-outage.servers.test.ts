import { describe, expect, inject, it } from "vitest";
import { testBoardOutage } from "../contracts/board.js";
import { put } from "../contracts/board/subject.js";
import {
  boardUrl,
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

  it("costs a sweep three requests, however many jobs wait", async () => {
    const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
    const board = await openBoardAt(boardUrl(consul, prefix));
    const ids = [await put(board), await put(board)];

    const inventory = await board.inventory();
    await deleteTree(consul, prefix);

    // Known already: nothing is asked any more.
    expect(await inventory.exists(ids)).toEqual(new Set(ids));
  });
});
