import pino from "pino";
import { describe, expect, it, onTestFinished } from "vitest";
import { createClaims } from "../../agent/claims.js";
import { Conductor } from "../../agent/conductor.js";
import {
  HOOKS_PATIENCE_MS,
  type Kept,
  OBSTACLE_PATIENCE_MS,
  SOON_MS,
  SOON_TIMES_MAX,
  workedOff,
  type WorkedOffParts,
} from "../../agent/duty/worked-off.js";
import { openBoard } from "../../boards/open.js";
import { TICK_MS } from "../../common/time/tick.js";
import { toSignature } from "../../common/job.js";
import { matcherOf } from "../../scripts/lab/matcher.js";
import { until } from "../../scripts/lab/until.js";
import { posting } from "../contracts/board/subject.js";
import { FakeClock } from "../support/fake-clock.js";

const AWAY = "the database does not answer";
const DIFFERS = "the cluster uses another board";
const SOON = { withinMs: 10_000 };

describe("an agent that is to leave when there is nothing to do", () => {
  it("leaves when all that it may take has ended, whatever else waits", async () => {
    const { begin, clock, put, end } = await open();
    await put("hello", "strange");

    const left = begin();
    await clock.advance(100);
    const whileRunning = left();
    end();
    await clock.advance(SOON_MS);

    expect([whileRunning, left()]).toEqual([undefined, "done"]);
  });

  it("leaves although people wish that it takes no jobs", async () => {
    for (const state of ["paused", "cordoned", "draining"] as const) {
      const { begin, clock, put } = await open({ state, why: `it is ${state}` });
      await put("hello");

      const left = begin();
      await clock.advance(100);

      expect(left()).toBe("done");
    }
  });

  it("waits a while for what keeps it from taking jobs, and then says what that is", async () => {
    const [away, differs] = [await open({ why: AWAY }), await open({ why: DIFFERS })];
    for (const { begin, clock } of [away, differs]) {
      const left = begin();
      await clock.advance(OBSTACLE_PATIENCE_MS - 2_000);
      expect(left()).toBeUndefined();
      await clock.advance(4_000);
      expect(left()).toEqual({
        why: away.clock === clock ? AWAY : DIFFERS,
        isConflict: clock === differs.clock,
      });
    }
  });

  it("stays while its machine sleeps, however long", async () => {
    const { begin, clock, put, trouble, end } = await open({
      state: "asleep",
      why: "it is asleep",
    });
    await put("hello");
    end();

    const left = begin();
    await clock.advance(2 * OBSTACLE_PATIENCE_MS);
    const asleep = left();
    delete trouble.state;
    delete trouble.why;
    await clock.advance(TICK_MS + SOON_MS);

    expect([asleep, left()]).toEqual([undefined, "done"]);
  });

  it("waits for a board that is being filled again, as for what keeps it", async () => {
    const sweep = { disagreement: DIFFERS, settled: false };
    const { begin, clock } = await open({}, { sweep });
    const { begin: beginOther, clock: clockOther } = await open({}, { sweep: { ...sweep } });

    const [left, other] = [begin(), beginOther()];
    await clock.advance(SOON_MS);
    const before = left();
    sweep.settled = true;
    await clock.advance(SOON_MS);
    await clockOther.advance(OBSTACLE_PATIENCE_MS + SOON_MS);

    expect([before, left()]).toEqual([undefined, "done"]);
    expect(other()).toEqual({ why: "the board is being filled again", isConflict: false });
  });

  it("waits for schedules no longer than for what keeps it", async () => {
    const { begin, clock } = await open({ why: AWAY }, { scheduler: { looked: gate().open } });

    const left = begin();
    await clock.advance(OBSTACLE_PATIENCE_MS - 1_000);
    const before = left();
    await clock.advance(4_000);

    expect([before, left()]).toEqual([undefined, { why: AWAY, isConflict: false }]);
  });

  it("goes on when that has ended in time", async () => {
    const { begin, clock, put, end, trouble } = await open({ why: AWAY });
    await put("hello");
    end();

    const left = begin();
    await clock.advance(OBSTACLE_PATIENCE_MS / 2);
    delete trouble.why;
    await clock.advance(SOON_MS);

    expect(left()).toBe("done");
  });

  it("waits for a job that becomes due soon", async () => {
    const { begin, clock, putLater, end, begun } = await open();
    await putLater(200);

    const left = begin();
    await until(async () => (await clock.advance(50), begun() === 1), SOON);
    const whileRunning = left();
    end();
    await clock.advance(SOON_MS);

    expect([whileRunning, left()]).toEqual([undefined, "done"]);
  });

  it("waits no longer than that when something is due soon again and again", async () => {
    const { begin, clock, putLater } = await open();
    await putLater(SOON_MS - 500);
    await putLater(600_000);

    const left = begin();
    await clock.advance(100);
    const atOnce = left();
    await clock.advance(SOON_MS);

    expect([atOnce, left()]).toEqual([undefined, "done"]);
  });

  it("leaves a job to others that it gives back again and again", async () => {
    const { begin, clock, put, begun } = await open({ givesBack: true });
    await put("hello");

    const left = begin();
    await until(async () => (await clock.advance(50), left() !== undefined), SOON);

    expect(left()).toBe("done");
    expect(begun()).toBeGreaterThan(SOON_TIMES_MAX);
  });

  it("looks for jobs after its schedules have posted theirs", async () => {
    const looked = gate();
    const { begin, clock, put, begun, end } = await open(
      {},
      { scheduler: { looked: looked.open } },
    );
    const left = begin();
    await clock.advance(SOON_MS);
    expect(left()).toBeUndefined();

    await put("hello");
    looked.tell();
    await clock.advance(100);
    expect([left(), begun()]).toEqual([undefined, 1]);
    end();
    await clock.advance(SOON_MS);

    expect(left()).toBe("done");
  });

  it("leaves when its hooks were called, and not later than their patience", async () => {
    const called = gate();
    const hooks = {
      settled: (signal: AbortSignal) => {
        signal.addEventListener("abort", called.tell);
        return called.open;
      },
    };
    const { begin, clock } = await open({}, { hooks });

    const left = begin();
    await clock.advance(HOOKS_PATIENCE_MS - 1_000);
    const before = left();
    await clock.advance(2_000);

    expect([before, left()]).toEqual([undefined, "done"]);
  });
});

interface Trouble {
  state?: "paused" | "cordoned" | "draining" | "asleep";
  why?: string;
  /** Each job, to be offered again a moment later. */
  givesBack?: boolean;
}

/** It knows one flow, and its jobs run until they are told to end. */
async function open(trouble: Trouble = {}, more: Partial<WorkedOffParts> = {}) {
  const [clock, log] = [new FakeClock(), pino({ level: "silent" })];
  const board = await openBoard("sqlite::memory:", { leaseMs: 10_000 });
  const claims = createClaims({
    ...{ board, clock, log, incarnation: "me" },
    renewed: () => undefined,
  });
  const [ended, stopping] = [gate(), new AbortController()];
  let begun = 0;
  const conductor = new Conductor({
    ...{ board, claims, clock, log, slots: () => 4, random: () => 0 },
    obstacle: () => Promise.resolve(trouble.why),
    surveyed: () => undefined,
    busy: () => undefined,
    matcher: matcherOf(new Map([["hello", [1]]]), clock),
    execute: async (claim) => {
      begun += 1;
      if (trouble.givesBack === true) return claims.release(claim, "abandon", 100);
      await ended.open;
      await claims.release(claim, "consume");
    },
  });
  onTestFinished(async () => {
    stopping.abort();
    ended.tell();
    await conductor.stop();
    await conductor.idle();
    await claims[Symbol.asyncDispose]();
    await board[Symbol.asyncDispose]();
  });
  const put = async (...flows: readonly string[]): Promise<void> => {
    await board.put(flows.map((flow) => posting({ signature: signatureOf(flow) })));
  };
  return {
    ...{ clock, trouble, put, end: ended.tell, begun: () => begun },
    putLater: (delayMs: number) =>
      board.put([{ ...posting({ signature: signatureOf("hello") }), delayMs }]),
    /** What is told after it begins: undefined until it may leave. */
    begin: () => {
      let left: Kept | "done" | undefined;
      conductor.start();
      const parts = {
        ...{ clock, conductor, scheduler: { looked: Promise.resolve() } },
        ...{
          hooks: { settled: () => Promise.resolve() },
          sweep: { disagreement: DIFFERS, settled: true },
        },
        readiness: { known: () => ({ state: trouble.state ?? "ready" }) as const },
        ...more,
      };
      void workedOff(parts, stopping.signal).then((kept) => (left = kept ?? "done"));
      return () => left;
    },
  };
}

function signatureOf(flow: string): string {
  return toSignature({ protocol: 1, flow, version: 1, clauses: [] });
}

function gate() {
  let tell = (): void => undefined;
  const open = new Promise<void>((resolve) => (tell = resolve));
  return { open, tell };
}
