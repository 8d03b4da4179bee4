import { expect, it } from "vitest";
import type { JobBoard } from "../../../boards/board.js";
import { type OpenBoard, posting, put } from "./subject.js";

/** True when the board calls within 2 s; nothing else is waited for. */
async function wakes(board: JobBoard): Promise<boolean> {
  const patience = AbortSignal.timeout(2_000);
  await board.changed(patience);
  return !patience.aborted;
}

/** True when nothing has called yet. */
async function sleeps(board: JobBoard): Promise<boolean> {
  const stop = new AbortController();
  let woken = false;
  const waiting = board.changed(stop.signal).then(() => (woken = true));
  await board.survey(); // What was sent before this answer has arrived.
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  const asleep = !woken;
  stop.abort();
  await waiting;
  return asleep;
}

export function testWaking(open: OpenBoard): void {
  it("wakes who waits when another agent puts a job", async () => {
    const { board, other } = await open();

    const woken = wakes(board);
    await put(other);

    expect(await woken).toBe(true);
  });

  it("wakes for a job that was put before anybody waited", async () => {
    const { board, other } = await open();
    await put(other);

    expect(await wakes(board)).toBe(true);
  });

  it("wakes when a job is given back", async () => {
    const { board, other } = await open();
    const id = await put(board);
    await board.claim(id, "a.1");
    expect(await wakes(other)).toBe(true);

    const woken = wakes(other);
    await board.abandon(id, "a.1");

    expect(await woken).toBe(true);
  });

  it("stays asleep while nothing becomes claimable", async () => {
    const { board } = await open();
    const made = posting();
    await board.put([made]);
    expect(await wakes(board)).toBe(true);

    await board.put([made]);
    await board.claim(made.id, "a.1");
    await board.renew(new Map([[made.id, "a.1"]]));
    await board.consume(made.id, "a.1");

    expect(await sleeps(board)).toBe(true);
  });

  it("stops waiting when it is told to", async () => {
    const { board } = await open();
    const stop = new AbortController();
    const waiting = board.changed(stop.signal);

    stop.abort();

    expect(await waiting).toBeUndefined();
    expect(await board.changed(AbortSignal.abort())).toBeUndefined();
  });
}
