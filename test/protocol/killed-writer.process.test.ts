import { existsSync, readFileSync, statSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { hasCode } from "../../common/error.js";
import type { Entry } from "../../engine/journal.js";
import { openSqlitePersistence } from "../../persistence/sqlite/persistence.js";
import { newJob, owned, posted, raiseOf } from "../contracts/samples.js";
import { closing, openApart, tempFile } from "../contracts/sqlite.js";
import { startChild } from "./child.js";

const ROUNDS = 3;
/** A UUID, a space, a digit, a line feed. */
const LINE_BYTES = 39;

/** What a writer has been told is durable: job -> its last seq. */
function acknowledged(witness: string): ReadonlyMap<string, number> {
  const last = new Map<string, number>();
  const lines = existsSync(witness) ? readFileSync(witness, "utf8").split("\n") : [];
  for (const line of lines.slice(0, -1)) {
    const [job = "", seq = ""] = line.split(" ");
    last.set(job, Number(seq));
  }
  return last;
}

/** Resolves when the witness file has grown by so many acknowledgements. */
async function grown(witness: string, lines: number): Promise<void> {
  const size = (): number => (existsSync(witness) ? statSync(witness).size : 0);
  const goal = size() + lines * LINE_BYTES;
  await until(() => size() > goal, { withinMs: 45_000, everyMs: 2, what: "acknowledgements" });
}

/** How the journal of a job fails to be what its writer wrote, or undefined. */
function fault(entries: readonly Entry[], job: string, atLeast: number): string | undefined {
  if (entries.length < atLeast) return `${job}: ${entries.length} of ${atLeast} entries`;
  for (const [index, { seq, token, changes }] of entries.entries()) {
    const [change] = changes;
    const value = change?.change === "saved" ? change.value : undefined;
    if (seq !== index + 1 || token !== 1) return `${job}: entry ${seq} at place ${index + 1}`;
    if (value !== `${job}-${seq}`) return `${job}: entry ${seq} says ${String(value)}`;
  }
  return undefined;
}

describe("a writer that is killed", () => {
  it("P-14, P-17: has lost nothing that was acknowledged, and nothing is torn", async () => {
    const path = tempFile();
    const witness = `${path}.witness`;
    for (let round = 0; round < ROUNDS; round += 1) {
      const writer = startChild("writer.ts", [path, witness]);
      expect(await writer.next()).toBe("ready");
      await grown(witness, 1_000 + Math.floor(Math.random() * 500));
      await writer.kill("SIGKILL");
    }

    const persistence = closing(await openSqlitePersistence(path));
    const faults: string[] = [];
    for (const [job, seq] of acknowledged(witness)) {
      const row = await persistence.job(job);
      const found = row && fault(await persistence.load(job), job, seq);
      if (row === undefined || found !== undefined) faults.push(found ?? `${job}: no row`);
      if (seq === 4 && row?.state !== "SUCCESS") faults.push(`${job}: ended, but ${row?.state}`);
    }

    expect(faults).toEqual([]);
    expect(acknowledged(witness).size).toBeGreaterThan(ROUNDS * 200);
  });

  it("two writers at once: each keeps what it was told", async () => {
    const path = tempFile();
    const witnesses = [`${path}.1`, `${path}.2`];
    const writers = witnesses.map((witness) => startChild("writer.ts", [path, witness, "8"]));
    for (const writer of writers) expect(await writer.next()).toBe("ready");
    await Promise.all(witnesses.map((witness) => grown(witness, 500)));
    await Promise.all(writers.map((writer) => writer.kill("SIGKILL")));

    const persistence = closing(await openSqlitePersistence(path));
    const faults: (string | undefined)[] = [];
    for (const [job, seq] of witnesses.flatMap((file) => [...acknowledged(file)])) {
      faults.push(fault(await persistence.load(job), job, seq));
    }

    expect(faults.filter((found) => found !== undefined)).toEqual([]);
    expect(faults.length).toBeGreaterThan(200); // Five acknowledgements a job.
  });
});

describe("a process stopped inside a transaction (V-8)", () => {
  it("V-8, P-17: holds the file until it dies; then its raise never was", async () => {
    const path = tempFile();
    const persistence = await openApart(path);
    await persistence.migrate();
    const { id } = await posted(persistence, newJob());
    const holder = startChild("holder.ts", [path, id]);
    expect(await holder.next()).toBe("inside");
    process.kill(holder.pid, "SIGSTOP");

    const blocked = persistence.raise(raiseOf(id, 0)).catch((error: unknown) => error);
    const answer = await blocked;
    expect(hasCode(answer, "PERSISTENCE_DOWN") && answer.retryable).toBe(true);
    expect(await persistence.job(id)).toMatchObject({ token: 0 }); // Reading goes on.

    const waiting = owned(persistence, id);
    await holder.kill("SIGKILL");
    expect(await waiting).toMatchObject({ token: 1 });
    expect(await persistence.ownerships(id)).toHaveLength(1);
  });

  it("V-3, V-8: once it goes on and commits, the raise that waited finds the newer token", async () => {
    const path = tempFile();
    const persistence = await openApart(path);
    await persistence.migrate();
    const { id } = await posted(persistence, newJob());
    const holder = startChild("holder.ts", [path, id]);
    expect(await holder.next()).toBe("inside");

    const waiting = persistence.raise(raiseOf(id, 0));
    holder.send("commit");

    expect(await waiting).toBeUndefined();
    expect(await persistence.job(id)).toMatchObject({ token: 1 });
  });
});
