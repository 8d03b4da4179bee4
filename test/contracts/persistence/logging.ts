import { expect, it } from "vitest";
import type { LogLine } from "../../../common/log.js";
import type { LogChunk, Persistence } from "../../../persistence/persistence.js";
import { appended, appendOf, ENDED, newJob, owned, posted } from "../samples.js";
import type { OpenPersistence } from "./subject.js";

const START = { seq: 0, n: 0 };
const END = Number.MAX_SAFE_INTEGER;

function lineOf(text: string): LogLine {
  return { at: 1_700_000_000_000, atom: "A", phase: "execute", stream: "stdout", text };
}

/** A chunk that ends with line `n`. */
export function chunkOf(
  job: string,
  token: number,
  n: number,
  ...texts: readonly string[]
): LogChunk {
  const lines = (texts.length === 0 ? [`${token}.${n}`] : texts).map(lineOf);
  return { job, token, n, agent: `agent-${token}`, lines };
}

async function read(persistence: Persistence, job: string): Promise<readonly LogChunk[]> {
  const { chunks = [] } = (await persistence.logs(job, { after: START, limit: 100 })) ?? {};
  return chunks.map(({ seq: _seq, ...chunk }) => chunk);
}

export function testLogging(open: OpenPersistence): void {
  it("gives back what was stored, in the order of storing", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const chunks = [chunkOf(id, 1, 2, "a", "b"), chunkOf(id, 1, 10), chunkOf(id, 2, 1)];

    await persistence.addLogs(chunks);

    expect(await persistence.logs(id, { after: START, limit: 100 })).toEqual({
      ...{ state: "WAITING", chunks: chunks.map((chunk, index) => ({ ...chunk, seq: index + 1 })) },
    });
  });

  it("tells who reads on of lines that an earlier ownership stores late", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    await persistence.addLogs([chunkOf(id, 1, 1), chunkOf(id, 2, 1)]);
    const after = (await persistence.logs(id, { after: START, limit: 100 }))?.chunks.at(-1);
    if (after === undefined) throw new Error("nothing was read");

    await persistence.addLogs([chunkOf(id, 1, 2)]);

    const next = await persistence.logs(id, { after, limit: 100 });
    expect(next?.chunks).toEqual([{ ...chunkOf(id, 1, 2), seq: after.seq + 1 }]);
  });

  it.each(["\u0000\u001b[2J\r", "naïve 🙂 \ud800 '\"\\ \u2028", "x".repeat(100_000)])(
    "keeps every character of a line",
    async (text) => {
      const { persistence } = await open();
      const { id } = await posted(persistence);
      const chunk = chunkOf(id, 1, 1, text);

      await persistence.addLogs([chunk]);

      expect(await read(persistence, id)).toEqual([chunk]);
    },
  );

  it("leaves a chunk that is there already as it is", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const first = await persistence.addLogs([chunkOf(id, 1, 1)]);

    const again = await persistence.addLogs([chunkOf(id, 1, 1), chunkOf(id, 1, 2)]);

    expect(again).toEqual([...first, ...first]);
    expect(await read(persistence, id)).toEqual([chunkOf(id, 1, 1), chunkOf(id, 1, 2)]);
  });

  it("stores chunks of many jobs at once, without those of jobs that are gone", async () => {
    const { persistence } = await open();
    const [one, two] = [await posted(persistence), await posted(persistence)];
    const gone = newJob();

    await persistence.addLogs([one, gone, two].map(({ id }) => chunkOf(id, 1, 1)));

    expect(await read(persistence, one.id)).toHaveLength(1);
    expect(await read(persistence, two.id)).toHaveLength(1);
    expect(await persistence.logs(gone.id, { after: START, limit: 1 })).toBeUndefined();
    expect(await persistence.logSizes(gone.id)).toEqual([]);
  });

  it("reads on after a place, and back before one, so much at a time", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    const chunks = [
      ...[chunkOf(id, 1, 3), chunkOf(id, 1, 6), chunkOf(id, 2, 2), chunkOf(id, 2, 4)],
      chunkOf(id, 3, 1),
    ];
    await persistence.addLogs(chunks);
    const numbers = async (range: Parameters<Persistence["logs"]>[1]): Promise<string> =>
      ((await persistence.logs(id, range))?.chunks ?? [])
        .map(({ token, n }) => `${token}.${n}`)
        .join(" ");

    expect(await numbers({ after: { seq: 2, n: 5 }, limit: 2 })).toBe("1.6 2.2");
    expect(await numbers({ after: { seq: 3, n: 2 }, limit: 9 })).toBe("2.4 3.1");
    expect(await numbers({ after: { seq: 5, n: 1 }, limit: 9 })).toBe("");
    expect(await numbers({ before: END, limit: 2 })).toBe("3.1 2.4");
    expect(await numbers({ before: 3, limit: 9 })).toBe("1.6 1.3");
  });

  it("tells the state of a job without any line", async () => {
    const { persistence } = await open();
    const { id } = await posted(persistence);
    await owned(persistence, id);

    expect(await persistence.logs(id, { after: START, limit: 1 })).toEqual({
      ...{ state: "RUNNING", chunks: [] },
    });
  });

  it("tells what chunks take, and removes the oldest of one job", async () => {
    const { persistence } = await open();
    const [one, two] = [await posted(persistence), await posted(persistence)];
    const texts = ["x".repeat(1_000), "é".repeat(1_000)] as const;
    await persistence.addLogs([chunkOf(two.id, 1, 1)]);

    const bytes = await persistence.addLogs([
      ...[chunkOf(one.id, 1, 1, texts[0]), chunkOf(one.id, 2, 1, texts[1]), chunkOf(one.id, 2, 2)],
    ]);

    const sizes = await persistence.logSizes(one.id);
    expect(sizes.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(sizes.map((size) => size.bytes)).toEqual(bytes);
    expect((bytes[1] ?? 0) - (bytes[0] ?? 0)).toBe(1_000);
    expect(bytes[0]).toBeGreaterThan(1_000);

    await persistence.removeLogs(one.id, 2);
    expect(await read(persistence, one.id)).toEqual([chunkOf(one.id, 2, 2)]);
    expect(await read(persistence, two.id)).toHaveLength(1);
  });

  it("goes with its job, and counts among the job's bytes", async ({ skip }) => {
    const { persistence, advance } = await open();
    if (advance === undefined) return skip("database time cannot be steered here");
    const quiet = await ended(persistence, []);
    advance(1);
    const loud = await ended(persistence, ["x".repeat(50_000)]);
    const none = { ageMs: 1e12, jobs: 1e9, bytes: 1e12 };

    // Two quiet jobs would fit.
    expect(await persistence.purge({ ...none, bytes: 50_000 })).toMatchObject({ removed: 2 });

    for (const id of [quiet, loud]) expect(await persistence.logSizes(id)).toEqual([]);
  });
}

async function ended(persistence: Persistence, texts: readonly string[]): Promise<string> {
  const owner = await owned(persistence, (await posted(persistence)).id);
  if (texts.length > 0) await persistence.addLogs([chunkOf(owner.id, 1, 1, ...texts)]);
  await appended(persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));
  return owner.id;
}
