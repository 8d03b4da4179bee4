import pino from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { watchBoard } from "../../agent/board-watch.js";
import type { Told } from "../../agent/events/telling/told.js";
import { openBoard } from "../../boards/open.js";
import { JobrunnerError } from "../../common/error.js";
import { tempDir } from "../support/temp.js";

describe("whether the board answers", () => {
  it("is known from any call, and logged and told once at each change", async () => {
    const { board, watched, lines, told, backs } = await setUp();
    const { survey } = board;
    expect(watched.answers).toBe(true);

    board.survey = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "cut off"));
    await expect(watched.survey()).rejects.toThrow("cut off");
    await expect(watched.survey()).rejects.toThrow("cut off");
    expect(watched.answers).toBe(false);
    board.survey = survey;
    await watched.exists(["any"]);
    await watched.survey();

    expect(watched.answers).toBe(true);
    expect(lines()).toEqual([
      "the board does not answer: nothing is claimed",
      "the board answers again",
    ]);
    expect(told).toEqual([
      { type: "board.degraded", reason: "cut off" },
      { type: "board.recovered" },
    ]);
    expect(backs()).toBe(1);
  });

  it("is not told by a wait for changes that ends, only by one that fails", async () => {
    const { board, watched } = await setUp();
    board.changed = () => Promise.reject(new JobrunnerError("BOARD_DOWN", "cut off"));
    await expect(watched.changed(new AbortController().signal)).rejects.toThrow("cut off");

    board.changed = () => Promise.resolve();
    await watched.changed(AbortSignal.abort());

    expect(watched.answers).toBe(false);
  });

  it("is not doubted because of a mistake of the caller", async () => {
    const { board, watched } = await setUp();
    board.survey = () => Promise.reject(new JobrunnerError("INTERNAL", "a defect"));

    await expect(watched.survey()).rejects.toThrow("a defect");

    expect(watched.answers).toBe(true);
  });
});

async function setUp() {
  const board = await openBoard(`sqlite:${tempDir()}/board.db`, { leaseMs: 10_000 });
  onTestFinished(() => board[Symbol.asyncDispose]());
  const written: string[] = [];
  const log = pino({}, { write: (line: string) => void written.push(line) });
  const lines = () => written.map((line) => (JSON.parse(line) as { readonly msg: string }).msg);
  const told: Told[] = [];
  let backs = 0;
  const back = (): void => void (backs += 1);
  const watched = watchBoard(board, { log, back, tell: (event) => void told.push(event) });
  return { board, watched, lines, told, backs: () => backs };
}
