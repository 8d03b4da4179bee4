import { expect, inject, it } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { getTree } from "../../consul/kv.js";
import { crowd } from "../../scripts/bench/board/crowd.js";
import { Proxy } from "../../scripts/lab/proxy.js";
import { posting, put } from "../contracts/board/subject.js";
import { boardUrl, clientOf, freshPrefix, openBoardAt } from "./consul-subject.js";

const { signature } = posting();

async function openPair() {
  const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
  const client = clientOf(consul);
  const open = (): Promise<JobBoard> => openBoardAt(boardUrl(consul, prefix));
  const [board, other] = [await open(), await open()];
  const folders = async (): Promise<number> => (await getTree(client, `${prefix}/folders/`)).length;
  const found = async (): Promise<readonly string[]> => {
    const { signatures } = await other.survey();
    return (await other.candidates(signatures, 10)).map(({ id }) => id);
  };
  return { board, other, folders, found };
}

it("the last job of a signature takes the folder along", async () => {
  const { board, other, folders, found } = await openPair();
  const ids = [await put(board), await put(board)];

  expect(await found()).toEqual(ids);
  expect(await other.claim(ids[0] ?? "", "a.1")).toBe("claimed");
  expect(await folders()).toBe(1);
  expect(await found()).toEqual(ids.slice(1));
  expect(await other.claim(ids[1] ?? "", "a.2")).toBe("claimed");

  expect(await folders()).toBe(0);
  expect(await other.survey()).toMatchObject({ signatures: [] });
});

it("a job that is placed while the last other one is claimed is found", async () => {
  const { board, other, found } = await openPair();
  const first = await put(board);
  expect(await found()).toEqual([first]);

  const second = await put(board);
  expect(await other.claim(first, "a.1")).toBe("claimed");

  expect(await found()).toEqual([second]);
});

it("an empty folder is taken away only as it was when somebody saw it", async () => {
  const { board, other, folders, found } = await openPair();
  const first = await put(board);
  await other.survey();
  const second = await put(board);
  await board.candidates([signature], 10); // Without a survey: its claims leave the folder.
  for (const id of [first, second]) expect(await board.claim(id, `b.${id}`)).toBe("claimed");

  expect(await other.candidates([signature], 10)).toEqual([]);
  expect(await folders()).toBe(1);

  expect(await found()).toEqual([]);
  expect(await folders()).toBe(0);
  const third = await put(board);
  expect(await found()).toEqual([third]);
});

it("a folder that nobody looks into is taken away by a sweep's look", async () => {
  const { board, folders } = await openPair();
  const [first, delayed] = [await put(board), await put(board, { delayMs: 60_000 })];
  expect(await folders()).toBe(2);
  await board.candidates([signature], 10);
  await board.claim(first, "b.1");
  expect(await folders()).toBe(2);

  await board.inventory();
  expect(await folders()).toBe(1);

  await board.remove([delayed]);
  await board.inventory();
  expect(await folders()).toBe(0);
});

it("a look reads as much beside 5,000 jobs of other kinds as beside 100", async () => {
  const [consul, prefix] = [inject("consulUrl"), freshPrefix()];
  await using proxy = await Proxy.start(Number(new URL(consul).port));
  const through = boardUrl(`http://127.0.0.1:${String(proxy.port)}`, prefix);
  const [poster, board] = [
    await openBoardAt(boardUrl(consul, prefix)),
    await openBoardAt(through, { leaseMs: 600_000 }),
  ];
  const look = async (): Promise<number> => {
    await put(poster);
    await board.survey(); // Learns what is new.
    const before = proxy.answerBytes;
    await board.survey();
    await board.candidates([signature], 10);
    return proxy.answerBytes - before;
  };
  const smallest = async (): Promise<number> => {
    const looks: number[] = [];
    for (let n = 0; n < 5; n += 1) looks.push(await look());
    return Math.min(...looks); // What its watches ask in between is not the look's.
  };

  await crowd(poster, 100);
  const few = await smallest();
  await crowd(poster, 5_000);

  expect(await smallest()).toBeLessThan(2 * few);
});

it("a signature is read from a job when it is long", async () => {
  const { board, other } = await openPair();
  const long = JSON.stringify([1, "hello", 1, ["has_tag", "x".repeat(2_000)]]);
  const id = await put(board, { signature: long });

  expect((await other.survey()).signatures).toEqual([long]);
  expect(await other.candidates([long], 5)).toEqual([{ id, signature: long }]);
});
