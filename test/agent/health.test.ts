import { describe, expect, it } from "vitest";
import { healthOf, keptCheck } from "../../agent/health.js";
import { JobrunnerError } from "../../common/error.js";

/** A database that counts how often it is asked, and a clock. */
function asked(check: () => Promise<void>) {
  const seen = { times: 0, now: 0 };
  const persistence = {
    check: () => {
      seen.times += 1;
      return check();
    },
  };
  return { seen, kept: keptCheck(persistence, { monotonic: () => seen.now }) };
}

describe("the database's part of an agent's health", () => {
  it("is asked for once a second, however many ask", async () => {
    const { seen, kept } = asked(() => Promise.resolve());

    await Promise.all(Array.from({ length: 100 }, () => kept.check()));
    seen.now = 999;
    await kept.check();
    expect(seen.times).toBe(1);
    seen.now = 1_000;
    await kept.check();

    expect(seen.times).toBe(2);
  });

  it("is bad news for a second, too", async () => {
    let down = true;
    const { seen, kept } = asked(() =>
      down ? Promise.reject(new Error("away")) : Promise.resolve(),
    );

    await expect(kept.check()).rejects.toThrow("away");
    down = false;
    await expect(kept.check()).rejects.toThrow("away");
    seen.now = 1_000;

    await expect(kept.check()).resolves.toBeUndefined();
  });

  it("is asked for once while the database takes its time", async () => {
    let answer = (): void => undefined;
    const { seen, kept } = asked(() => new Promise<void>((resolve) => (answer = resolve)));

    const first = kept.check();
    seen.now = 60_000;
    const second = kept.check();
    answer();

    await Promise.all([first, second]);
    expect(seen.times).toBe(1);
  });

  it("says why it cannot be used, and what to do", async () => {
    const newer = new JobrunnerError("PERSISTENCE_DOWN", "It is of a newer jobrunner.", {
      hint: "Upgrade jobrunner on this machine.",
    });
    const { ok, checks } = await healthOf({
      ...{ agent: "alpha", manifest: { flows: [], capabilities: [], problems: [] }, ready: true },
      ...{ duty: "ready", sweep: { boardId: "board-1", disagreement: undefined }, boardOk: true },
      ...{ turning: true, trouble: undefined, registry: undefined },
      persistence: { check: () => Promise.reject(newer) },
    });

    expect(ok).toBe(false);
    expect(checks).toContainEqual({
      ...{ name: "persistence", ok: false },
      detail: "It is of a newer jobrunner. Upgrade jobrunner on this machine.",
    });
  });
});
