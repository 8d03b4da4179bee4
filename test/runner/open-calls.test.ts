import { describe, expect, it } from "vitest";
import { type Asking, NotBegun, OpenCalls } from "../../agent/runner/open-calls.js";
import { FakeClock } from "../support/fake-clock.js";

const ASK: Asking = { ask: { ask: "prepare", flow: "f", params: {} } };

function open(turns = true) {
  const clock = new FakeClock();
  const said: string[] = [];
  const calls = new OpenCalls({
    clock,
    abort: (id, reason) => said.push(`abort ${id} ${(reason as Error).message}`),
    over: (id) => said.push(`over ${id}`),
    turns: async () => turns,
    kill: () => said.push("kill"),
  });
  return { clock, said, calls };
}

function abortable() {
  const abort = new AbortController();
  const hooks = { signal: abort.signal, saved: async () => undefined, progress: () => undefined };
  return { asking: { ...ASK, session: 1, hooks }, abort: () => abort.abort(new Error("stop")) };
}

describe("a question", () => {
  it("is answered once", async () => {
    const { calls, said } = open();
    const answer = calls.add(1, ASK);

    calls.resolve(1, "yes");
    calls.reject(1, new Error("too late"));

    expect(await answer).toBe("yes");
    expect([calls.size, said]).toEqual([0, ["over 1"]]);
  });

  it("that takes too long is rejected, and its runner killed", async () => {
    const { calls, clock, said } = open();
    const onLimit = () => new Error("took too long");
    const answer = calls.add(1, { ...ASK, limitMs: 1_000, onLimit });
    answer.catch(() => undefined);

    await clock.advance(999);
    expect(said).toEqual([]);
    await clock.advance(1);

    await expect(answer).rejects.toThrow("took too long");
    expect(said).toEqual(["over 1", "kill"]);
  });

  it("that is answered in time costs no runner", async () => {
    const { calls, clock, said } = open();
    void calls.add(1, { ...ASK, limitMs: 1_000 });

    calls.resolve(1, "yes");
    await clock.advance(60_000);

    expect(said).toEqual(["over 1"]);
  });

  it("may be asked elsewhere when it does not come to its turn, and its runner is left alone", async () => {
    const { calls, clock, said } = open();
    const kept = calls.add(1, { ...ASK, beginMs: 500, limitMs: 1_000 });
    kept.catch(() => undefined);
    const taken = calls.add(2, { ...ASK, beginMs: 500 });

    calls.began(2);
    await clock.advance(60_000);
    calls.resolve(1, "too late");
    calls.resolve(2, "yes");

    await expect(kept).rejects.toThrow(NotBegun);
    expect(await taken).toBe("yes");
    expect(said).toEqual(["over 1", "over 2"]);
  });

  it("is rejected with its session, others are not", async () => {
    const { calls } = open();
    const mine = calls.add(1, { ...ASK, session: 1 });
    void calls.add(2, { ...ASK, session: 2 });

    calls.rejectSession(1, new Error("closed"));

    await expect(mine).rejects.toThrow("closed");
    expect([calls.get(1), calls.get(2)?.session]).toEqual([undefined, 2]);
  });
});

describe("a call whose signal aborts", () => {
  it("is told so, also when the signal had aborted before", async () => {
    const { calls, said } = open();
    const { asking, abort } = abortable();
    void calls.add(1, asking);
    abort();
    void calls.add(2, asking);
    await Promise.resolve();

    expect(said).toEqual(["abort 1 stop", "abort 2 stop"]);
  });

  it("keeps its runner when it ends within the grace", async () => {
    const { calls, clock, said } = open();
    const { asking, abort } = abortable();
    void calls.add(1, asking);
    abort();

    await clock.advance(29_000);
    calls.resolve(1, null);
    await clock.advance(60_000);

    expect(said).toEqual(["abort 1 stop", "over 1"]);
  });

  it("loses its runner when it goes on", async () => {
    const { calls, clock, said } = open();
    const { asking, abort } = abortable();
    void calls.add(1, asking);
    abort();

    await clock.advance(29_999);
    expect(said).not.toContain("kill");
    await clock.advance(1);

    expect(said).toContain("kill");
  });

  it("loses it sooner when the runner does not even turn", async () => {
    const { calls, clock, said } = open(false);
    const { asking, abort } = abortable();
    void calls.add(1, asking);
    abort();

    await clock.advance(5_000);

    expect(said).toContain("kill");
  });
});
