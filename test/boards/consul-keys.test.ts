import { describe, expect, it } from "vitest";
import {
  beginOf,
  entryOf,
  folderOf,
  hashOf,
  Keys,
  parseEntry,
  textOf,
  waitingOf,
} from "../../boards/consul/keys.js";
import { Spread } from "../../boards/consul/looking/spread.js";

const keys = new Keys("jobrunner/home");
const SIGNATURE = '[1,"grüße",1,["has_tag","a/b"]]';

function placeOf(id: string, priority: number, delayMs = 0): string {
  return keys.place(waitingOf(entryOf({ id, signature: SIGNATURE, priority, delayMs }, 1_000)));
}

describe("names of waiting jobs in Consul", () => {
  it("sort by priority, then by age", () => {
    const made = [
      ...[placeOf("c", 1_000_000_000), placeOf("a", 100), placeOf("b", 100), placeOf("a", 0)],
      ...[placeOf("z", 0), placeOf("a", -100), placeOf("a", -1_000_000_000)],
    ];

    expect([...made].reverse().sort()).toEqual(made);
  });

  it("sort delayed jobs by their time, behind a folder for each minute", () => {
    const made = [placeOf("z", 0, 1), placeOf("a", 5, 50_000), placeOf("a", 9, 70_000_000)];

    expect([...made].reverse().sort()).toEqual(made);
    expect(new Set(made.map((name) => name.split("/").at(-2))).size).toBe(2);
    const folders = made.map((name) => folderOf(keys.parse(name) ?? { hash: "", at: 0 }));
    expect(folders.map((folder) => beginOf(folder))).toEqual([0, 0, 69_960_000]);
    expect(made.every((name, n) => name.startsWith(keys.inside(folders[n] ?? "")))).toBe(true);
  });

  it("say what they were made of, and stay within what every Consul takes", () => {
    for (const [delayMs, at] of [
      [0, 0],
      [7, 1_007],
    ] as const) {
      const name = placeOf("0190-id", 7, delayMs);

      expect(keys.parse(name)).toEqual({
        ...{ id: "0190-id", hash: hashOf(SIGNATURE), rank: "499992", at },
      });
      expect(name).toMatch(/^[\w.~/-]+$/);
    }
  });

  it("are told from what others may have left there", () => {
    for (const name of ["", "x", "~1/x", "abc/x", "abc/00001.a", "~000000001/1.a.b.c"]) {
      expect(keys.parse(`jobrunner/home/waiting/${name}`)).toBe(undefined);
    }
    for (const text of [
      "",
      "1",
      "{}",
      '{"signature":1,"priority":1,"at":1}',
      '{"signature":"s"}',
    ]) {
      expect(parseEntry("id", text)).toBe(undefined);
    }
    const entry = entryOf({ id: "id", signature: "s", priority: 3, delayMs: 4 }, 5);
    expect(parseEntry("id", textOf(entry))).toEqual(entry);
  });
});

describe("spreading agents over jobs", () => {
  const jobs = Array.from({ length: 300 }, (_, n) => ({
    ...{ n, id: `job-${n}` },
    rank: n < 100 ? "1" : "2",
  }));
  let seed = 1;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;

  const crowd = crowdOf(20);

  it("keeps the order while no race is lost, and again some time after", () => {
    let now = 0;
    const spread = new Spread(
      () => now,
      random,
      () => "a",
    );
    spread.sessions = ["a", "b"];

    expect(spread.order(jobs, 64)).toEqual(jobs.slice(0, 64));
    spread.lost();
    expect(spread.order(jobs, 64)).not.toEqual(jobs.slice(0, 64));
    now += 5_000;
    expect(spread.order(jobs, 64)).toEqual(jobs.slice(0, 64));
  });

  it("takes its share of the best priority after a lost race, in order", () => {
    const shares = crowd.map((spread) => spread.order(jobs, 64).map(({ n }) => n));

    expect(new Set(shares.flat())).toEqual(new Set(jobs.slice(0, 100).map(({ n }) => n)));
    // But for the one it begins with.
    for (const [, ...share] of shares) expect(share).toEqual(share.toSorted((a, b) => a - b));
    expect(shares.flat().length).toBeLessThanOrEqual(100 + 20);
    expect(crowd.every((spread) => spread.order(jobs, 3).length <= 3)).toBe(true);
  });

  it("begins with one that is older than its share: who has that in its own may be busy", () => {
    const first = Array.from({ length: 500 }, (_, n) => crowd[n % 20]?.order(jobs, 64)[0]?.n);

    expect(first.filter((n) => n === 0).length).toBeGreaterThan(500 / 20);
  });

  it("chooses among a bounded number of the first, however many wait", () => {
    const many = Array.from({ length: 2_000 }, (_, n) => ({ n, id: `job-${n}`, rank: "1" }));

    const chosen = crowd.flatMap((spread) => spread.order(many, 64)).map(({ n }) => n);

    expect(Math.max(...chosen)).toBe(32 * 20 - 1);
  });

  it("draws a few of the others' when nothing is left of its share", () => {
    const [some] = crowd;
    const own = new Set(some?.order(jobs, 64));
    const others = jobs.filter((job) => !own.has(job));

    const drawn = Array.from({ length: 200 }, () => some?.order(others, 64) ?? []);

    expect(drawn.every(({ length }) => length === 8)).toBe(true);
    expect(drawn.flat().every(({ rank }) => rank === "1")).toBe(true);
    expect(new Set(drawn.flat()).size).toBe(100 - own.size);
  });

  it("leaves to others for a moment what is theirs, when the best is none of its own", () => {
    const [some] = crowd;
    const own = new Set(some?.order(jobs, 64));
    const [theirs, alone] = [
      jobs.filter((job) => !own.has(job)),
      new Spread(
        () => 0,
        random,
        () => "a",
      ),
    ];

    expect(some?.leaveMs(theirs)).toBeGreaterThanOrEqual(20);
    expect(some?.leaveMs(theirs)).toBeLessThanOrEqual(40);
    expect(some?.leaveMs(jobs)).toBe(undefined);
    expect(some?.leaveMs([])).toBe(undefined);
    alone.lost();
    expect(alone.leaveMs(theirs)).toBe(undefined);
    expect(crowdOf(1)[0]?.leaveMs(theirs)).toBe(undefined);
  });

  it("draws as long as it does not know the others", () => {
    const spread = new Spread(
      () => 0,
      random,
      () => undefined,
    );
    spread.lost();

    expect(spread.order(jobs, 64)).toHaveLength(8);
  });

  function crowdOf(agents: number): readonly Spread[] {
    const sessions = Array.from({ length: agents }, (_, n) => `session-${n}`);
    return sessions.map((session) => {
      const spread = new Spread(
        () => 0,
        random,
        () => session,
      );
      spread.sessions = sessions;
      spread.lost();
      return spread;
    });
  }
});
