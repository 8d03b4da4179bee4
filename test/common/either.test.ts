import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { eitherSignal } from "../../common/signals/either.js";

describe("either of two signals", () => {
  it.each(["lasting", "brief"] as const)("aborts with the %s one, for its reason", (which) => {
    const signals = { lasting: new AbortController(), brief: new AbortController() };
    const either = eitherSignal(signals.lasting.signal, signals.brief.signal);

    expect(either.aborted).toBe(false);
    signals[which].abort("because");

    expect(either.aborted).toBe(true);
    expect(either.reason).toBe("because");
  });

  it.each(["lasting", "brief"] as const)("is aborted when the %s one already is", (which) => {
    const signals = { lasting: new AbortController(), brief: new AbortController() };
    signals[which].abort("before");

    const either = eitherSignal(signals.lasting.signal, signals.brief.signal);

    expect([either.aborted, either.reason]).toEqual([true, "before"]);
  });

  it("leaves nothing at the lasting one when the brief one is over", () => {
    const [lasting, brief] = [new AbortController(), new AbortController()];
    eitherSignal(lasting.signal, brief.signal);

    brief.abort();

    expect(getEventListeners(lasting.signal, "abort")).toHaveLength(0);
  });
});
