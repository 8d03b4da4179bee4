import { describe, expect, it } from "vitest";
import { openEmbeddedBoard } from "../../boards/embedded/board.js";
import { testJobBoard } from "../contracts/board.js";
import type { BoardUnderTest } from "../contracts/board/subject.js";
import {
  closing,
  DRIVERS,
  openBoardApart,
  openSteeredBoard,
  SteeredTime,
  tempFile,
} from "../contracts/sqlite.js";
import type { DriverName } from "../../sqlite/connection.js";

/** Two agents in one process: they share the connection. */
async function openShared(driver: DriverName): Promise<BoardUnderTest> {
  const time = new SteeredTime();
  const path = tempFile();
  const board = await openSteeredBoard(time, { path, driver });
  const other = closing(await openEmbeddedBoard(path, { leaseMs: 10_000, clock: time }));
  return { board, other, advance: async (ms) => time.advance(ms), slackMs: 0 };
}

/** Two agents in two processes: each has a connection of its own. */
async function openTwo(): Promise<BoardUnderTest> {
  const time = new SteeredTime();
  const path = tempFile();
  const board = await openSteeredBoard(time, { path });
  const other = await openBoardApart(path, time);
  return { board, other, advance: async (ms) => time.advance(ms), slackMs: 0 };
}

async function openInMemory(driver: DriverName): Promise<BoardUnderTest> {
  const time = new SteeredTime();
  const board = await openSteeredBoard(time, { driver });
  return { board, other: board, advance: async (ms) => time.advance(ms), slackMs: 0 };
}

describe.each(DRIVERS)("the embedded board with the driver %s", (driver) => {
  describe("in memory", () => testJobBoard(() => openInMemory(driver)));
  describe("in a file, shared by two agents of one process", () =>
    testJobBoard(() => openShared(driver)));
});

describe("the embedded board in a file, shared by two connections", () => testJobBoard(openTwo));

describe("leases of the embedded board (P-32)", () => {
  it("count in time that does not jump, and end at once with the boot they belong to", async () => {
    const path = tempFile();
    const before = await openSteeredBoard(new SteeredTime(5_000_000, "boot-1"), { path });
    await before.put([{ id: "job", signature: "s", priority: 0, delayMs: 0 }]);
    expect(await before.claim("job", "alpha.1")).toBe("claimed");
    expect(await before.claim("job", "beta.1")).toBe("taken");
    await before[Symbol.asyncDispose]();

    // After a reboot the monotonic clock starts again, far below the old lease's end.
    const after = await openSteeredBoard(new SteeredTime(1_000, "boot-2"), { path });

    expect(await after.claim("job", "beta.1")).toBe("claimed");
  });
});
