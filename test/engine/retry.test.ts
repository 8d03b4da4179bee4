import { describe, expect, it } from "vitest";
import type { Json, Store } from "../../common/json.js";
import type { RetryController } from "../../engine/flow.js";
import { backoffMs, decideRetry, nextValue } from "../../engine/retry.js";

type BuiltIn = Exclude<RetryController, { readonly type: "custom" }>;

function question(controller: BuiltIn, used: readonly Json[], args: Store = {}) {
  return { controller, history: used.map((value) => ({ value, failures: {} })), args };
}

describe("built-in retries", () => {
  it("count their attempts from one and stop after the last", () => {
    const times: BuiltIn = { type: "times", attempts: 2 };

    expect(nextValue(question(times, [1]))).toEqual({ ok: true, value: 2 });
    expect(decideRetry(question(times, [1]))).toBe("RETRY");
    expect(decideRetry(question(times, [1, 2]))).toBe("REVERT");
    expect(decideRetry(question({ ...times, revertAll: true }, [1, 2]))).toBe("REVERT_ALL");
  });

  it("hand out each value once, one that stands twice twice", () => {
    const forEach: BuiltIn = { type: "forEach", values: ["p", "p", "q"] };

    expect(nextValue(question(forEach, []))).toEqual({ ok: true, value: "p" });
    expect(nextValue(question(forEach, ["p"]))).toEqual({ ok: true, value: "p" });
    expect(nextValue(question(forEach, ["p", "p"]))).toEqual({ ok: true, value: "q" });
    expect(decideRetry(question(forEach, ["p", "p"]))).toBe("RETRY");
    expect(decideRetry(question(forEach, ["p", "p", "q"]))).toBe("REVERT");
  });

  it("compare values as JSON, whatever the order of keys", () => {
    const values: readonly Json[] = [{ a: 1, b: [1, { c: null }] }, [1], { 0: 1 }, null, { a: 2 }];
    const forEach: BuiltIn = { type: "forEach", values };
    const [, ...rest] = values;

    expect(nextValue(question(forEach, [{ b: [1, { c: null }], a: 1 }]))).toMatchObject({
      value: rest[0],
    });
    expect(nextValue(question(forEach, [{ a: 2 }, { 0: 1 }, [1], null]))).toMatchObject({
      value: values[0],
    });
    expect(nextValue(question({ type: "forEach", values: [{ a: 1 }] }, [{ b: 1 }]))).toMatchObject({
      value: { a: 1 },
    });
  });

  it("fail when there is no value at all", () => {
    const outcome = nextValue(question({ type: "forEach", values: [] }, []));

    expect(outcome).toMatchObject({ ok: false, failure: { name: "NotFound" } });
  });

  it("take their values from an argument, under its own name", () => {
    const each: BuiltIn = { type: "parameterizedForEach", values: "mirrors", revertAll: true };

    expect(nextValue(question(each, ["a"], { mirrors: ["a", "b"] }))).toMatchObject({ value: "b" });
    expect(decideRetry(question(each, ["a"], { mirrors: ["a", "b"] }))).toBe("RETRY");
    expect(decideRetry(question(each, ["a", "b"], { mirrors: ["a", "b"] }))).toBe("REVERT_ALL");
  });

  it("fail, and say why, when that argument is no list", () => {
    const each: BuiltIn = { type: "parameterizedForEach" };
    const failure = { name: "TypeError", message: '"values" is not a list' };

    expect(nextValue(question(each, [], { values: "ab" }))).toEqual({ ok: false, failure });
    expect(decideRetry(question(each, [], { values: "ab" }))).toBe("REVERT");
  });

  it("always revert when that is their name", () => {
    expect(nextValue(question({ type: "alwaysRevert" }, []))).toEqual({ ok: true, value: null });
    expect(decideRetry(question({ type: "alwaysRevert" }, [null]))).toBe("REVERT");
    expect(nextValue(question({ type: "alwaysRevertAll" }, []))).toEqual({ ok: true, value: null });
    expect(decideRetry(question({ type: "alwaysRevertAll" }, [null]))).toBe("REVERT_ALL");
  });
});

describe("back-off", () => {
  it("grows by its factor up to its limit", () => {
    const backoff = { delayMs: 100, factor: 2, maxMs: 350 };

    expect([0, 1, 2, 3].map((attempts) => backoffMs(backoff, attempts, 0))).toEqual([
      100, 100, 200, 350,
    ]);
  });

  it("stays the same without a factor, and adds its share at random", () => {
    expect(backoffMs({ delayMs: 100 }, 5, 1)).toBe(100);
    expect(backoffMs({ delayMs: 100, jitter: 0.5 }, 1, 0.5)).toBe(125);
  });

  it("is never longer than the longest delay, whatever is added at random", () => {
    expect(backoffMs({ delayMs: 100, maxMs: 120, jitter: 1 }, 1, 1)).toBe(120);
  });
});
