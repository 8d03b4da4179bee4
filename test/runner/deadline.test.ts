import { describe, expect, it } from "vitest";
import { AbortDeadline, mayStart, toJsonDeadline } from "../../agent/runner/deadline.js";
import type { Deadline } from "../../agent/runner/runner.js";

const monotonic = () => Number(process.hrtime.bigint()) / 1e6;

/** All six so many milliseconds from now. */
function inMs(ms: number): Deadline {
  return {
    startMonotonic: monotonic() + ms,
    startWall: Date.now() + ms,
    abortMonotonic: monotonic() + ms,
    abortWall: Date.now() + ms,
    endMonotonic: monotonic() + ms,
    endWall: Date.now() + ms,
  };
}

const HOUR = 3_600_000;

describe("a body may start", () => {
  it("while neither clock has passed its deadline", () => {
    expect(mayStart(inMs(HOUR))).toBe(true);
    expect(mayStart({ ...inMs(HOUR), startMonotonic: monotonic() - 1 })).toBe(false);
    expect(mayStart({ ...inMs(HOUR), startWall: Date.now() - 1 })).toBe(false);
  });
});

describe("bodies may run", () => {
  it("as long as nothing was said", () => {
    expect(new AbortDeadline().over).toBe(false);
  });

  it("until either clock has passed the latest deadline", () => {
    for (const late of [{ abortMonotonic: monotonic() - 1 }, { abortWall: Date.now() - 1 }]) {
      const deadline = new AbortDeadline();
      deadline.extend({ ...inMs(HOUR), ...late });
      expect(deadline.over).toBe(true);
    }
  });

  it("again when a later word comes, and on when an older one comes late", () => {
    const deadline = new AbortDeadline();
    deadline.extend(inMs(-HOUR));
    deadline.extend(inMs(HOUR));
    expect(deadline.over).toBe(false);

    deadline.extend(inMs(-HOUR));

    expect(deadline.over).toBe(false);
  });

  it("without end, also after the deadline travelled as JSON", () => {
    const never = { startMonotonic: Infinity, startWall: Infinity };
    const travelled = JSON.stringify(
      toJsonDeadline({
        ...never,
        ...{ abortMonotonic: Infinity, abortWall: Infinity },
        ...{ endMonotonic: Infinity, endWall: Infinity },
      }),
    );
    const deadline = new AbortDeadline();
    deadline.extend(JSON.parse(travelled) as Deadline);

    expect(travelled).not.toContain("null");
    expect(deadline.over).toBe(false);
    expect(mayStart(JSON.parse(travelled) as Deadline)).toBe(true);
  });
});
