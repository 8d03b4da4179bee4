import pino from "pino";
import { describe, expect, it } from "vitest";
import { LogBook } from "../../agent/logs/book.js";
import { START } from "../../agent/logs/cursor.js";
import { readLines } from "../../agent/logs/reading.js";
import { JobrunnerError } from "../../common/error.js";
import type { Said } from "../../common/log.js";
import type { LogChunk, Persistence } from "../../persistence/persistence.js";
import { posted } from "../contracts/samples.js";
import { closing, openSteered } from "../contracts/sqlite.js";
import { FakeClock } from "../support/fake-clock.js";

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 ** 2;

function say(text: string, atom = "A"): Said {
  return { atom, phase: "execute", stream: "log", text };
}

const down = (): JobrunnerError => new JobrunnerError("PERSISTENCE_DOWN", "away");

interface Faults {
  addLogs?: Persistence["addLogs"];
  /** Undefined: as the database has it. */
  logSizes?: (job: string) => ReturnType<Persistence["logSizes"]> | undefined;
}

/** A book on a database in memory, on time that moves when told. */
async function opened(bytesPerJob = MEBIBYTE) {
  const { persistence } = await openSteered();
  const clock = new FakeClock();
  const calls: (readonly LogChunk[])[] = [];
  const stored: string[] = [];
  const faults: Faults = {};
  const warnings: string[] = [];
  const book = closing(
    new LogBook({
      persistence: {
        addLogs: (chunks) => {
          calls.push(chunks);
          return (faults.addLogs ?? persistence.addLogs.bind(persistence))(chunks);
        },
        logSizes: (job) => faults.logSizes?.(job) ?? persistence.logSizes(job),
        removeLogs: (job, upTo) => persistence.removeLogs(job, upTo),
      },
      clock,
      log: pino({ level: "warn" }, { write: (line: string) => void warnings.push(line) }),
      ...{ agent: "alpha", bytesPerJob, now: () => clock.now() },
      stored: (job) => stored.push(job),
    }),
  );
  const read = async (job: string) =>
    (await readLines(persistence, job, { cursor: START, limit: 100_000 })).lines;
  const texts = async (job: string) => (await read(job)).map(({ text }) => text);
  const post = async (): Promise<string> => (await posted(persistence)).id;
  return { persistence, clock, calls, stored, faults, warnings, book, read, texts, post };
}

describe("the log book", () => {
  it("stores what all jobs said in one call, a moment after the first word", async () => {
    const { book, clock, calls, stored, texts, post } = await opened();
    const [one, two] = [await post(), await post()];
    const [first, second] = [book.begin(one, 1), book.begin(two, 1)];

    for (let n = 1; n <= 10; n += 1) for (const log of [first, second]) log.add(say(`${n}`));
    await clock.advance(299);
    expect(calls).toEqual([]);
    await clock.advance(1);

    expect(calls).toHaveLength(1);
    expect(await texts(one)).toEqual(await texts(two));
    expect(await texts(one)).toHaveLength(10);
    expect(stored.sort()).toEqual([one, two].sort());
  });

  it("asks nothing of persistence while nobody says anything", async () => {
    const { book, clock, calls, post } = await opened();
    book.begin(await post(), 1).add(say("word"));
    await clock.advance(1_000);

    await clock.advance(3_600_000);

    expect(calls).toHaveLength(1);
  });

  it("stores at once what an ownership has said at its end", async () => {
    const { book, calls, texts, post } = await opened();
    const job = await post();
    const log = book.begin(job, 1);
    log.add(say("last words"));

    await log.flush();

    expect(await texts(job)).toEqual(["last words"]);
    await log.flush();
    expect(calls).toHaveLength(1);
  });

  it("counts the lines of each ownership, in chunks of a bounded size", async () => {
    const { book, calls, read, post } = await opened();
    const job = await post();
    const log = book.begin(job, 1);
    for (let n = 0; n < 2_500; n += 1) log.add(say(`line ${n} ${"x".repeat(40)}`));
    await log.flush();
    const next = book.begin(job, 2);
    next.add(say("of the next"));
    await next.flush();

    const lines = await read(job);
    expect(lines.map(({ token, n }) => `${token}.${n}`)).toEqual([
      ...Array.from({ length: 2_500 }, (_, n) => `1.${n + 1}`),
      "2.1",
    ]);
    const sizes = calls.flat().map(({ lines: { length } }) => length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_000);
    expect(sizes.length).toBeLessThan(20);
  });

  it("keeps the newest lines of a job within its limit, over all its ownerships", async () => {
    const limit = 64 * 1024;
    const { book, persistence, read, post } = await opened(limit);
    const job = await post();
    for (let token = 1; token <= 3; token += 1) {
      const log = book.begin(job, token);
      for (let round = 1; round <= 20; round += 1) {
        log.add(say(`${round} ${"x".repeat(4_000)}`));
        await log.flush();
        const sizes = await persistence.logSizes(job);
        const bytes = sizes.reduce((sum, size) => sum + size.bytes, 0);
        expect(bytes).toBeLessThanOrEqual(limit);
      }
    }

    const lines = await read(job);
    expect(lines.at(-1)).toMatchObject({ token: 3, n: 20 });
    expect(lines.length).toBeGreaterThanOrEqual(10);
    const numbers = lines.map(({ token, n }) => (token - 1) * 20 + n);
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index));
  });

  it("keeps nothing when it is told to", async () => {
    const { book, clock, calls, post } = await opened(0);
    const log = book.begin(await post(), 1);
    log.add(say("unheard"));
    await log.flush();
    await clock.advance(1_000);

    expect(calls).toEqual([]);
  });

  it("holds up no job while persistence is away, and loses nothing in a short outage", async () => {
    const { book, clock, calls, faults, texts, post } = await opened();
    const job = await post();
    const log = book.begin(job, 1);
    faults.addLogs = () => Promise.reject(down());
    log.add(say("1"));
    let flushed = false;
    const flushing = log.flush().then(() => (flushed = true));
    await clock.advance(999);
    expect(flushed).toBe(false);
    await clock.advance(1);
    await flushing;

    log.add(say("2"));
    await clock.advance(60_000);
    expect(calls.length).toBeLessThan(20); // Not every 300 ms.
    const sent = calls.map(([chunk]) => chunk);
    expect(sent.every((chunk) => chunk?.n === 1)).toBe(true); // The identical chunk each time.
    delete faults.addLogs;
    await clock.advance(10_000);

    expect(await texts(job)).toEqual(["1", "2"]);
  });

  it("counts what does not fit while persistence is away", async () => {
    const { book, clock, faults, texts, post } = await opened(64 * MEBIBYTE);
    const job = await post();
    const log = book.begin(job, 1);
    faults.addLogs = () => Promise.reject(down());
    const text = "x".repeat(10_000);
    for (let n = 0; n < 200; n += 1) log.add(say(text));
    await clock.advance(10_000);
    delete faults.addLogs;
    await clock.advance(10_000);
    log.add(say("after"));
    await log.flush();

    const kept = await texts(job);
    const whole = kept.filter((each) => each === text).length;
    expect(whole * 10_000).toBeLessThan(1.1 * MEBIBYTE);
    expect(kept.slice(whole)).toEqual([
      `... ${200 - whole} lines dropped: more came than could be stored`,
      "after",
    ]);
  });

  it("bounds what all jobs together have waiting", async () => {
    const { book, faults, clock } = await opened();
    faults.addLogs = () => Promise.reject(down());
    const text = "x".repeat(16_000);
    for (let job = 0; job < 200; job += 1) {
      const log = book.begin(`job-${job}`, 1);
      for (let n = 0; n < 60; n += 1) log.add(say(`${job} ${n} ${text}`));
    }
    await clock.advance(1_000);
    const lines: string[] = [];
    faults.addLogs = async (chunks) => {
      lines.push(...chunks.flatMap((chunk) => chunk.lines.map((line) => line.text)));
      return chunks.map(() => 0);
    };
    await clock.advance(20_000);

    const characters = lines.reduce((sum, line) => sum + line.length, 0);
    expect(characters).toBeGreaterThan(15 * MEBIBYTE);
    expect(characters).toBeLessThan(17 * MEBIBYTE);
    const dropped = lines.map((line) => /^[.]{3} (\d+) lines dropped/.exec(line)?.[1] ?? "");
    const told = dropped.reduce((sum, count) => sum + Number(count), 0);
    expect(told + dropped.filter((count) => count === "").length).toBe(200 * 60);
  });

  it("gives up what can never be stored, says so, and goes on", async () => {
    const { book, faults, warnings, texts, post } = await opened();
    const job = await post();
    const log = book.begin(job, 1);
    faults.addLogs = () => Promise.reject(new JobrunnerError("TOO_LARGE", "no"));
    log.add(say("lost"));
    await log.flush();
    delete faults.addLogs;
    log.add(say("kept"));
    await log.flush();

    expect(await texts(job)).toEqual(["kept"]);
    expect(warnings.join("")).toContain("could not be stored");
  });

  it("stores the lines of other jobs beside one that cannot be stored", async () => {
    const { book, persistence, clock, faults, texts, post } = await opened();
    const jobs = [await post(), await post(), await post()];
    const bad = jobs[1] ?? "";
    faults.addLogs = (chunks) =>
      chunks.some(({ job }) => job === bad)
        ? Promise.reject(new JobrunnerError("TOO_LARGE", "no"))
        : persistence.addLogs(chunks);
    for (const job of jobs) book.begin(job, 1).add(say("word"));

    await clock.advance(1_000);

    expect(await Promise.all(jobs.map(texts))).toEqual([["word"], [], ["word"]]);
  });

  it("shortens the logs of other jobs beside one that cannot be shortened, and stores all once", async () => {
    const { book, faults, warnings, texts, post } = await opened(KIBIBYTE);
    const jobs = [await post(), await post(), await post()];
    const bad = jobs[1] ?? "";
    faults.logSizes = (job) =>
      job === bad ? Promise.reject(new JobrunnerError("BAD_RECORD", "no")) : undefined;
    const logs = jobs.map((job) => book.begin(job, 1));
    for (let round = 0; round < 3; round += 1) {
      for (const log of logs) log.add(say(`${round}`.repeat(600)));
      for (const log of logs) await log.flush();
    }

    const kept = await Promise.all(jobs.map(async (job) => (await texts(job)).map(([n]) => n)));
    expect(kept).toEqual([["2"], ["0", "1", "2"], ["2"]]);
    expect(warnings.join("")).toContain(bad);
    expect(warnings.join("")).not.toContain(jobs[0]);
    expect(warnings.join("")).not.toContain("could not be stored");
  });

  it("stores the rest when the agent stops, and does not wait for an outage to end", async () => {
    const { book, faults, texts, post } = await opened();
    const job = await post();
    book.begin(job, 1).add(say("rest"));
    await book[Symbol.asyncDispose]();
    expect(await texts(job)).toEqual(["rest"]);

    const other = await opened();
    other.faults.addLogs = () => Promise.reject(down());
    other.book.begin(await other.post(), 1).add(say("lost"));
    await other.book[Symbol.asyncDispose]();
    expect(faults).toEqual({});
  });
});
