import { describe, expect, it } from "vitest";
import { createCommitter } from "../../persistence/committer.js";
import { until } from "../../scripts/lab/until.js";
import { appendOf, owned } from "../contracts/samples.js";
import { type Appending, down, ownerAt, ready } from "./committing.js";

describe("the committer while the database does not answer", () => {
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
});
