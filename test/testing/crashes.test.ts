import { describe, expect, it } from "vitest";
import { defineFlow, z } from "../../sdk/index.js";
import { everyCrashPoint, testFlow } from "../../sdk/testing/index.js";
import { publish } from "./flows.js";

describe("an owner that dies", () => {
  it("after an atom is replaced by one that goes on behind it", async () => {
    const result = await testFlow(publish, { from: "site" }, { killOwnerAfter: "copy" });

    expect(result.state).toBe("SUCCESS");
    expect(result.history).toEqual([
      "copy execute SUCCESS",
      "serve/listen execute SUCCESS",
      "announce execute SUCCESS",
    ]);
    expect(result.calls.map(({ agent }) => agent)).toEqual(["agent-1", "agent-2", "agent-2"]);
    expect(new Set(result.journal.map(({ token }) => token))).toEqual(new Set([1, 2]));
    expect(result.kills).toHaveLength(1);
  });

  it("inside an atom leaves it to be started again, with the same idempotency key", async () => {
    const result = await testFlow(publish, { from: "site" }, { killOwnerIn: "serve/listen" });

    const listens = result.calls.filter(({ atom }) => atom === "serve/listen");
    expect(result.state).toBe("SUCCESS");
    expect(listens).toMatchObject([
      { outcome: "LOST", agent: "agent-1", again: false, attempt: 1 },
      { outcome: "SUCCESS", agent: "agent-2", again: true, attempt: 2 },
    ]);
    expect(listens[0]?.idempotencyKey).toBe(listens[1]?.idempotencyKey);
    expect(result.saved).toEqual({ "serve/listen": [{ started: 1 }, { started: 2 }] });
  });

  it("more than once is replaced as often", async () => {
    const options = { killOwnerIn: ["copy", "copy"], killOwnerAfter: "serve/listen" };

    const result = await testFlow(publish, { from: "site" }, options);

    expect([result.state, result.owners, result.kills.length]).toEqual(["SUCCESS", 4, 3]);
  });

  it("while a retry waits leaves the rest of the back-off", async () => {
    const fail = { "serve/listen": 1 };
    const { journal } = await testFlow(publish, { from: "site" }, { fail });
    const waits = journal.find(({ changes }) => changes.some(({ change }) => change === "wait"));
    const killOwnerAt = { entry: waits?.seq ?? 0, when: "after" } as const;

    const result = await testFlow(publish, { from: "site" }, { fail, killOwnerAt });

    expect(result).toMatchObject({ state: "SUCCESS", owners: 2, tookMs: 11_000 });
  });

  it("before its first entry is stored leaves a job that nobody ever owned", async () => {
    const killOwnerAt = { entry: 1, when: "before" } as const;

    const result = await testFlow(publish, { from: "site" }, { killOwnerAt });

    expect(result.journal.map(({ token }) => token)).toEqual(result.journal.map(() => 1));
    expect(result.calls.every(({ agent }) => agent === "agent-2")).toBe(true);
  });

  it("after a cancel leaves the cancelling to the next one", async () => {
    const options = { cancelAt: "serve/listen", killOwnerIn: "serve/listen" };

    const result = await testFlow(publish, { from: "site" }, options);

    expect(result).toMatchObject({ state: "CANCELLED", states: { copy: "REVERTED" } });
    expect(result.owners).toBe(2);
  });
});

describe("everyCrashPoint", () => {
  it("kills the owner at each place of the journal, and the flow ends all the same", async () => {
    const options = { fail: { "serve/listen": 1 } };
    const { journal } = await testFlow(publish, { from: "site" }, options);
    const points: string[] = [];

    const tried = await everyCrashPoint(publish, { from: "site" }, options, (result, point) => {
      points.push(point);
      expect(result.state).toBe("SUCCESS");
      expect(result.outputs?.files).toBe(3);
    });

    expect(points[0]).toBe("without a crash");
    expect(points[1]).toMatch(
      /^owner killed before entry 1 was stored \(flow RUNNING, copy RUNNING/,
    );
    expect(tried).toBe(points.length - 1);
    expect(new Set(points).size).toBe(points.length);
    for (const { seq } of journal) {
      expect(points.some((point) => point.includes(`before entry ${seq} `))).toBe(true);
    }
    expect(tried).toBeGreaterThan(journal.length);
  });

  it("names the crash point at which a check fails", async () => {
    const copied: string[] = [];
    const once = defineFlow({
      name: "not_idempotent",
      params: z.object({}),
      build: (f) => void f.task("append", { execute: () => copied.push("line") }),
    });
    const check = (): void => {
      const lines = copied.splice(0).length;
      if (lines !== 1) throw new RangeError(`${lines} lines`);
    };

    const run = everyCrashPoint(once, {}, {}, check);

    await expect(run).rejects.toThrow(
      "owner killed before entry 2 was stored (append SUCCESS, flow SUCCESS): 2 lines",
    );
    await expect(run).rejects.toMatchObject({ cause: { name: "RangeError" } });
  });

  it("awaits a check that is asynchronous", async () => {
    const check = () => Promise.reject(new Error("slow"));

    await expect(everyCrashPoint(publish, { from: "a" }, {}, check)).rejects.toThrow(
      "without a crash: slow",
    );
  });
});
