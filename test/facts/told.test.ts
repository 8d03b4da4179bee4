import { describe, expect, it } from "vitest";
import type { FactName, Snapshot } from "../../facts/fact.js";
import type { Facts } from "../../facts/facts.js";
import { createSteady } from "../../facts/told/steady.js";
import { describeFacts, lastingFacts } from "../../facts/told/texts.js";
import { factViews } from "../../facts/told/views.js";
import { openFacts } from "./open-facts.js";

const GIB = 2 ** 30;

function factsOf(values: { readonly [N in FactName]?: unknown }): Pick<Facts, "get"> {
  const get = (name: FactName): unknown =>
    Object.hasOwn(values, name)
      ? { known: values[name], at: 0 }
      : { unknown: "no source here tells it" };
  return { get: get as <N extends FactName>(name: N) => Snapshot[N] };
}

describe("an amount that is shown", () => {
  it("is a multiple of its step, and of doubling ones a power of two", () => {
    const steady = createSteady();

    expect([steady("a", 7.4, 3), steady("b", 700, "doubling"), steady("c", 0, "doubling")]).toEqual(
      [6, 512, 1],
    );
  });

  it("stays when it goes to and fro at the border of two steps", () => {
    const steady = createSteady();
    const amounts = Array.from({ length: 100 }, (_, n) => 5 + (n % 2 === 0 ? 0.9 : -0.9));

    const shown = new Set(amounts.map((amount) => steady("memory", amount, 10)));

    expect(shown.size).toBe(1);
  });

  it("is never more than there is", () => {
    const steady = createSteady();
    const amounts = Array.from({ length: 200 }, (_, n) => 22.6 + 10 * Math.sin(n));

    expect(amounts.filter((amount) => steady("memory", amount, 31.3 / 4) > amount)).toEqual([]);
    expect(amounts.filter((amount) => steady("disk", amount, "doubling") > amount)).toEqual([]);
  });

  it("follows what really changes, up and down", () => {
    const steady = createSteady();

    const shown = [0, 9, 18, 22, 30, 22, 4].map((amount) => steady("memory", amount, 10));

    expect(shown).toEqual([0, 0, 10, 10, 30, 20, 0]);
  });
});

describe("facts in words", () => {
  it("are named as people know them, with why one is unknown", () => {
    const facts = factsOf({
      ...{ arch: "x64", os: "darwin", load: 0.712, battery: null, on_mains: true },
      ...{ memory_total: 16 * GIB, memory_free: 6.9 * GIB, gpus: [], container: null },
      ...{ programs: { ffmpeg: "/usr/bin/ffmpeg", docker: null }, disk_free: {} },
    });

    const told = describeFacts(facts);

    expect(told).toMatchObject({
      ...{ arch: "x86_64", os: "macos", load: "0.7", battery: "none", on_mains: "yes" },
      ...{ memory_total: "16 GiB", memory_free: "6.9 GiB", gpus: "none", container: "none" },
      ...{ programs: "ffmpeg, no docker", kernel: "unknown: no source here tells it" },
    });
    expect(told).not.toHaveProperty("disk_free");
    expect(told).not.toHaveProperty("listening_ports");
  });

  it("do not change with noise where each change is written somewhere", () => {
    const steady = createSteady();
    const at = (n: number): Readonly<Record<string, string>> =>
      lastingFacts(
        factsOf({
          ...{ memory_total: 16 * GIB, memory_free: (9 + Math.sin(n)) * GIB, load: Math.random() },
          ...{ disk_free: { "/": (100 + 20 * Math.cos(n)) * GIB }, battery: 60 + Math.sin(n) * 5 },
        }),
        steady,
      );

    const told = new Set(Array.from({ length: 500 }, (_, n) => JSON.stringify(at(n))));

    expect([...told].map((text) => JSON.parse(text) as object)).toEqual([
      expect.objectContaining({ memory_free: "8 GiB", disk_free: "/ 64 GiB", battery: "50 %" }),
    ]);
  });

  it("are in one order, whatever was asked for last: another one would be a change", async () => {
    const facts = openFacts();
    const told = new Set<string>();
    const steady = createSteady();
    await facts.about("disk_free", "/b");
    await facts.about("programs", "b");

    for (const key of ["a", "b", "a"]) {
      await facts.about("disk_free", `/${key}`);
      await facts.about("programs", key);
      told.add(JSON.stringify(lastingFacts(facts, steady)));
    }

    expect(told.size).toBe(1);
  });

  it("name the first ones of long lists, and how many there are", () => {
    const paths = Array.from({ length: 20 }, (_, n) => [`/srv/${n}`, GIB] as const);

    const { disk_free: text } = describeFacts(factsOf({ disk_free: Object.fromEntries(paths) }));

    expect(text).toMatch(/^\/srv\/0 1 GiB, .*\/srv\/7 1 GiB and 12 more$/);
  });
});

it("programs read facts as they are, with units, and why one is unknown", () => {
  const at = Date.UTC(2026, 0, 1);
  const snapshot = {
    ...{ memory_free: { known: 22.6 * GIB, at }, battery: { known: null, at } },
    ...{ listening_ports: { known: [22, 80], at }, gpus: { unknown: "hidden" } },
  } as unknown as Snapshot;

  const date = "2026-01-01T00:00:00.000Z";
  expect(factViews(snapshot)).toEqual({
    memory_free: { value: 22.6 * GIB, unit: "bytes", at: date },
    battery: { value: null, unit: "percent", at: date },
    listening_ports: { value: [22, 80], at: date },
    gpus: { unknown: "hidden" },
  });
});
