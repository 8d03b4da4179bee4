import { rmSync } from "node:fs";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { JobBoard } from "../../boards/board.js";
import { openEmbeddedBoard } from "../../boards/embedded/board.js";
import { testJobBoard, testLastingBoard } from "../contracts/board.js";
import type { LastingBoard } from "../contracts/board/outage.js";
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

/** The file is closed and opened again; both agents go on with what they have then. */
async function openLasting(): Promise<LastingBoard> {
  const [time, path] = [new SteeredTime(), tempFile()];
  const open = (): Promise<JobBoard> => openEmbeddedBoard(path, { leaseMs: 10_000, clock: time });
  let now = [await open(), await open()] as const;
  const kill = async (): Promise<void> => {
    for (const board of now) await board[Symbol.asyncDispose]();
  };
  const start = async (): Promise<void> => {
    now = [await open(), await open()];
  };
  onTestFinished(kill);
  const handle = (n: 0 | 1): JobBoard =>
    new Proxy(now[n], {
      get: (_, name) => {
        const member: unknown = Reflect.get(now[n], name);
        return typeof member === "function" ? (member.bind(now[n]) as unknown) : member;
      },
    });
  const wipe = async (): Promise<void> => {
    await kill();
    for (const end of ["", "-wal", "-shm"]) rmSync(`${path}${end}`, { force: true });
    await start();
  };
  const advance = async (ms: number): Promise<void> => time.advance(ms);
  const boards = { board: handle(0), other: handle(1), advance, slackMs: 0 };
  return { ...boards, kill, start, wipe, missesMessages: true };
}

describe("the embedded board in a file that is opened again", () => testLastingBoard(openLasting));

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

describe("an embedded board that others share", () => {
  it.runIf(process.platform === "linux")(
    "hears of what they write from the system, not by looking again and again",
    async () => {
      // From here on no timer fires by itself.
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "hrtime"] });
      onTestFinished(() => void vi.useRealTimers());
      const [time, path] = [new SteeredTime(), tempFile()];
      const board = await openSteeredBoard(time, { path });
      const other = await openBoardApart(path, time);
      // What opening has written is told by then, and long past after a minute.
      for (let turn = 0; turn < 20; turn += 1)
        await new Promise((resolve) => setImmediate(resolve));
      const waiting = board.changed(new AbortController().signal);
      vi.advanceTimersByTime(60_000);

      await other.put([{ id: "job", signature: "s", priority: 0, delayMs: 0 }]);

      expect(await waiting).toBeUndefined();
      expect((await board.survey()).signatures).toEqual(["s"]);
    },
  );
});
