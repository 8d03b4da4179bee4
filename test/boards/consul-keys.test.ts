import { describe, expect, it } from "vitest";
import { entryOf, hashOf, Keys, parseEntry, textOf, waitingOf } from "../../boards/consul/keys.js";
import { Spread } from "../../boards/consul/spread.js";

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
    const minutes = keys.foldersOf(made.map((name) => name.replace(/[^/]*$/, ""))).minutes;
    expect(minutes.map((folder) => keys.minute(folder).beginsAt)).toEqual([0, 0, 69_960_000]);
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
  const jobs = Array.from({ length: 300 }, (_, n) => ({ n, rank: n < 100 ? "1" : "2" }));
  let seed = 1;
  const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;

  it("keeps the order while no race is lost, and again some time after", () => {
    let now = 0;
    const spread = new Spread(() => now, random);

    expect(spread.order(jobs, 64)).toEqual(jobs.slice(0, 64));
    spread.lost();
    expect(spread.order(jobs, 64)).not.toEqual(jobs.slice(0, 64));
    now += 5_000;
    expect(spread.order(jobs, 64)).toEqual(jobs.slice(0, 64));
  });

  it("draws a few of the first after a lost race, the best priority first", () => {
    const spread = new Spread(() => 0, random);
    spread.agents = 20;
    spread.lost();

    const drawn = Array.from({ length: 200 }, () => spread.order(jobs, 64));
    const few = spread.order(jobs.slice(95), 64);

    expect(drawn.every(({ length }) => length === 8)).toBe(true);
    expect(Math.max(...drawn.flat().map(({ n }) => n))).toBe(99);
    expect(new Set(drawn.flat().map(({ n }) => n)).size).toBe(100);
    expect(few.slice(0, 5).every(({ rank }) => rank === "1")).toBe(true);
    expect(few.slice(5).every(({ rank, n }) => rank === "2" && n < 95 + 160)).toBe(true);
  });
});
