import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import { createCommitter } from "../../persistence/committer.js";
import { RESULT_BYTES_MAX, type Verdict } from "../../persistence/persistence.js";
import { until } from "../../scripts/lab/until.js";
import { appendOf, owned } from "../contracts/samples.js";
import { openSteered } from "../contracts/sqlite.js";
import { type Appending, down, Noting, ownerAt, ready, result } from "./committing.js";

describe("the committer", () => {
  it("sends what was asked in one turn as one batch", async () => {
    const { noting, owners } = await ready(20);
    const committer = createCommitter(noting);

    const verdicts = await Promise.all(owners.map((owner) => committer.append(appendOf(owner, 1))));

    expect(verdicts).toEqual(owners.map(() => ({ accepted: true })));
    expect(noting.batches.map((batch) => batch.length)).toEqual([20]);
  });

  it("gathers what arrives while a batch is on its way", async () => {
    const { persistence, owners } = await ready(6);
    const open: (() => void)[] = [];
    const batches: number[] = [];
    const slow: Appending = {
      append: async (appends) => {
        batches.push(appends.length);
        await new Promise<void>((resolve) => open.push(resolve));
        return persistence.append(appends);
      },
    };
    const committer = createCommitter(slow);
    const first = committer.append(appendOf(ownerAt(owners, 0), 1));
    while (open.length === 0) await new Promise((resolve) => setImmediate(resolve));

    const others = owners.slice(1).map((owner) => committer.append(appendOf(owner, 1)));
    open.shift()?.();
    await first;
    while (open.length === 0) await new Promise((resolve) => setImmediate(resolve));
    open.shift()?.();
    await Promise.all(others);

    expect(batches).toEqual([1, 5]);
  });

  it("sends at most 500 appends in a batch", async () => {
    const { persistence } = await openSteered();
    const noting = new Noting(persistence);
    const committer = createCommitter(noting);
    const nobody = { id: "nobody", token: 1, owner: "nobody" };

    const verdicts = await Promise.all(
      Array.from({ length: 1_100 }, (_, index) => committer.append(appendOf(nobody, index + 1))),
    );

    expect(verdicts.every(({ accepted }) => !accepted)).toBe(true);
    expect(noting.batches.map((batch) => batch.length)).toEqual([500, 500, 100]);
  });

  it("sends large values alone", async () => {
    const { noting, owners } = await ready(5);
    const committer = createCommitter(noting);
    const sizes = [10, 10, 300_000, 10, 10];

    await Promise.all(
      owners.map((owner, index) =>
        committer.append(appendOf(owner, 1, { changes: result(sizes[index] ?? 0) })),
      ),
    );

    expect(noting.batches.map((batch) => batch.length)).toEqual([2, 1, 2]);
  });

  it("P-16: finds an append that can never be stored, and takes its neighbours", async () => {
    const { persistence, noting, owners } = await ready(7);
    const committer = createCommitter(noting);
    // Many short texts: not large for the committer, too large when written as JSON.
    const text = "\u0001".repeat(200_000);
    const value = Object.fromEntries(["a", "b", "c", "d"].map((key) => [key, text]));
    const saved = [{ change: "saved", atom: "A", value }] as const;

    const results = await Promise.allSettled(
      owners.map((owner, index) =>
        committer.append(appendOf(owner, 1, index === 4 ? { changes: saved } : {})),
      ),
    );

    expect(results.map(({ status }) => status === "fulfilled")).toEqual(
      owners.map((_, index) => index !== 4),
    );
    expect(results[4]).toMatchObject({ reason: { code: "TOO_LARGE" } });
    expect(await persistence.load(ownerAt(owners, 4).id)).toEqual([]);
  });

  it("P-16: finds several bad appends among many by halving", async () => {
    const { persistence, owners } = await ready(16);
    const bad = new Set([ownerAt(owners, 3).id, ownerAt(owners, 4).id, ownerAt(owners, 15).id]);
    const picky: Appending = {
      append: async (appends) => {
        if (appends.some(({ job }) => bad.has(job))) throw new JobrunnerError("TOO_LARGE", "no");
        return persistence.append(appends);
      },
    };
    const committer = createCommitter(picky);

    const results = await Promise.allSettled(
      owners.map((owner) => committer.append(appendOf(owner, 1))),
    );

    expect(results.map(({ status }) => status === "rejected")).toEqual(
      owners.map(({ id }) => bad.has(id)),
    );
    for (const { id } of owners) {
      expect(await persistence.load(id)).toHaveLength(bad.has(id) ? 0 : 1);
    }
  });

  it("P-16: takes an append whose part of a batch was in when another one failed", async () => {
    const { persistence, owners } = await ready(4);
    const bad = ownerAt(owners, 3).id;
    // As persistence does that sends a batch in several packets, each a transaction.
    const inPackets: Appending = {
      append: async (appends) => {
        const verdicts: Verdict[] = [];
        for (const append of appends) {
          if (append.job === bad) throw new JobrunnerError("TOO_LARGE", "no");
          verdicts.push(...(await persistence.append([append])));
        }
        return verdicts;
      },
    };
    const committer = createCommitter(inPackets);

    const results = await Promise.allSettled(
      owners.map((owner) => committer.append(appendOf(owner, 1))),
    );

    const accepted = { status: "fulfilled", value: { accepted: true } };
    expect(results.slice(0, 3)).toEqual([accepted, accepted, accepted]);
    expect(results[3]).toMatchObject({ status: "rejected", reason: { code: "TOO_LARGE" } });
  });

  it("P-19: sends the identical append, marked as repeated, until there is an answer", async () => {
    const { persistence, noting, owners } = await ready(2);
    const lossy: Appending = {
      append: async (appends) => {
        const verdicts = await noting.append(appends);
        if (noting.batches.length <= 3) throw down(); // Committed, but the answer is lost.
        return verdicts;
      },
    };
    const told: (string | undefined)[] = [];
    const pauses: number[] = [];
    const committer = createCommitter(lossy, {
      onDown: (error) => told.push(error?.code),
      sleep: (ms) => Promise.resolve(void pauses.push(ms)),
      random: () => 1,
    });

    const verdicts = await Promise.all(owners.map((owner) => committer.append(appendOf(owner, 1))));

    expect(verdicts).toEqual([{ accepted: true }, { accepted: true }]);
    const sent = noting.batches.map((batch) => batch.map(({ repeated }) => repeated));
    expect(sent).toEqual([
      [false, false],
      [true, true],
      [true, true],
      [true, true],
    ]);
    const [first] = noting.batches;
    expect(noting.batches[3]).toEqual(first?.map((append) => ({ ...append, repeated: true })));
    for (const { id } of owners) expect(await persistence.load(id)).toHaveLength(1);
    expect(told).toEqual(["PERSISTENCE_DOWN", undefined]);
    expect(pauses).toEqual([50, 100, 200]);
  });

  it("P-19: is refused when another owner raised while the answer was lost", async () => {
    const { persistence, owners } = await ready(1);
    const owner = ownerAt(owners, 0);
    let failures = 1;
    const lossy: Appending = {
      append: async (appends) => {
        if (failures-- > 0) {
          await owned(persistence, owner.id); // Never committed, and the next owner is there.
          throw down();
        }
        return persistence.append(appends);
      },
    };
    const committer = createCommitter(lossy, { sleep: () => Promise.resolve() });

    expect(await committer.append(appendOf(owner, 1))).toEqual({ accepted: false });
    expect(await persistence.load(owner.id)).toEqual([]);
  });

  it("lets those who join during an outage go with the first that is answered", async () => {
    const { noting, owners } = await ready(3);
    let failing = true;
    const broken: Appending = {
      append: async (appends) => {
        if (failing) throw down();
        return noting.append(appends);
      },
    };
    const committer = createCommitter(broken, {
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
    });
    const early = committer.append(appendOf(ownerAt(owners, 0), 1));
    await new Promise((resolve) => setImmediate(resolve));

    const late = owners.slice(1).map((owner) => committer.append(appendOf(owner, 1)));
    failing = false;
    await Promise.all([early, ...late]);

    expect(noting.batches.map((batch) => batch.length)).toEqual([3]);
  });

  it("stops waiting when the signal aborts, and sends that append no more", async () => {
    const { noting, owners } = await ready(2);
    let failing = true;
    const broken: Appending = {
      append: async (appends) => {
        if (failing) throw down();
        return noting.append(appends);
      },
    };
    const committer = createCommitter(broken, {
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
    });
    const stop = new AbortController();
    const given = committer.append(appendOf(ownerAt(owners, 0), 1), stop.signal);
    const kept = committer.append(appendOf(ownerAt(owners, 1), 1));

    stop.abort(new Error("five minutes are over"));
    await expect(given).rejects.toThrow("five minutes");
    failing = false;

    expect(await kept).toEqual({ accepted: true });
    expect(noting.batches.flat().map(({ job }) => job)).toEqual([ownerAt(owners, 1).id]);
    const late = committer.append(appendOf(ownerAt(owners, 0), 1), stop.signal);
    await expect(late).rejects.toThrow("five minutes");
  });

  it("P-35: tells of a second outage after everybody gave up waiting in the first", async () => {
    const { owners } = await ready(1);
    const told: (string | undefined)[] = [];
    const committer = createCommitter(
      { append: () => Promise.reject(down()) },
      {
        sleep: () => new Promise((resolve) => setImmediate(resolve)),
        onDown: (error) => told.push(error?.code),
      },
    );
    for (let outage = 0; outage < 2; outage += 1) {
      const stop = new AbortController();
      const given = committer.append(appendOf(ownerAt(owners, 0), 1), stop.signal);
      await until(() => told.length === outage * 2 + 1, { withinMs: 5_000 });
      stop.abort(new Error("five minutes are over"));
      await expect(given).rejects.toThrow("five minutes");
      await until(() => told.length === outage * 2 + 2, { withinMs: 5_000 });
    }

    expect(told).toEqual(["PERSISTENCE_DOWN", undefined, "PERSISTENCE_DOWN", undefined]);
  });

  it("finishes what is under way when it stops, and takes nothing more", async () => {
    const { noting, owners } = await ready(1);
    const committer = createCommitter(noting);
    const pending = committer.append(appendOf(ownerAt(owners, 0), 1));

    await committer[Symbol.asyncDispose]();

    expect(await pending).toEqual({ accepted: true });
    const late = committer.append(appendOf(ownerAt(owners, 0), 2));
    await expect(late).rejects.toMatchObject({ code: "PERSISTENCE_DOWN" });
  });

  it("does not wait for an outage to end when it stops", async () => {
    const { owners } = await ready(1);
    const committer = createCommitter(
      { append: () => Promise.reject(down()) },
      { sleep: () => new Promise((resolve) => setImmediate(resolve)) },
    );
    const pending = committer.append(appendOf(ownerAt(owners, 0), 1));
    const refused = expect(pending).rejects.toMatchObject({ code: "PERSISTENCE_DOWN" });

    await committer[Symbol.asyncDispose]();

    await refused;
  });

  it("survives a value that holds itself", async () => {
    const { noting, owners } = await ready(2);
    const committer = createCommitter(noting);
    const cycle: Record<string, never> = {};
    Reflect.set(cycle, "self", cycle);
    const saved = [{ change: "saved", atom: "A", value: cycle }] as const;

    const results = await Promise.allSettled([
      committer.append(appendOf(ownerAt(owners, 0), 1, { changes: saved })),
      committer.append(appendOf(ownerAt(owners, 1), 1)),
    ]);

    expect(results[0]).toMatchObject({ reason: { code: "NOT_JSON" } });
    expect(results[1]).toMatchObject({ value: { accepted: true } });
  });

  it("takes a result of the largest size", async () => {
    const { noting, owners } = await ready(1);
    const committer = createCommitter(noting);

    const changes = result(RESULT_BYTES_MAX - 2);

    expect(await committer.append(appendOf(ownerAt(owners, 0), 1, { changes }))).toEqual({
      accepted: true,
    });
  });
});
