import { describe, expect, it } from "vitest";
import type { FactName } from "../../facts/fact.js";
import { known, type Readings, unknown } from "../../facts/source.js";
import { keyedSource, openFacts, source } from "./open-facts.js";

const failing = (): never => {
  throw new Error("no sensor");
};
const never = () => new Promise<never>(() => undefined);

describe("a fact", () => {
  it("is unknown with a reason before anybody has looked", () => {
    const { source: load } = source(() => ({ load: known(1) }));
    const facts = openFacts({ sources: [load] });

    expect(facts.get("load")).toEqual({ unknown: "not looked at yet" });
    expect(facts.get("gpus")).toEqual({ unknown: "this agent has no source for it" });
  });

  it("is known with the time of the look, once the facts have started", async () => {
    const { source: load } = source(() => ({ load: known(1) }));
    const facts = openFacts({ sources: [load] });
    const at = facts.clock.now();

    facts.start();
    await facts.clock.advance(0);

    expect(facts.get("load")).toEqual({ known: 1, at });
  });

  it("that cannot change is looked at once", async () => {
    const load = source(() => ({ load: known(1) }));
    const facts = openFacts({ sources: [load.source] });

    facts.start();
    facts.start();
    await facts.clock.advance(1e9);

    expect(load.asked).toBe(1);
  });

  it("that cannot change is looked at again after a failure, ever more seldom", async () => {
    const answers = [failing, failing, () => ({ load: known(1) })];
    const load = source(() => (answers[load.asked - 1] ?? failing)());
    const facts = openFacts({ sources: [load.source] });

    facts.start();
    await facts.clock.advance(9_999);
    expect([load.asked, facts.get("load")]).toEqual([1, { unknown: "no sensor" }]);
    await facts.clock.advance(1);
    expect(load.asked).toBe(2);
    await facts.clock.advance(19_999);
    expect(load.asked).toBe(2);
    await facts.clock.advance(1);
    expect(facts.get("load")).toMatchObject({ known: 1 });
    await facts.clock.advance(1e9);

    expect(load.asked).toBe(3);
  });

  it("that is known to be hidden is looked at once", async () => {
    const load = source(() => ({ load: unknown("hidden here") }));
    const facts = openFacts({ sources: [load.source] });

    facts.start();
    await facts.clock.advance(1e9);

    expect(load.asked).toBe(1);
  });

  it("of a source that rests is not looked at sooner, unless it is refreshed", async () => {
    const load = source(() => ({ load: known(1) }), { restMs: 30_000 });
    const facts = openFacts({ sources: [load.source] });

    await facts.fresh("load", 5_000);
    await facts.clock.advance(30_000);
    await facts.fresh("load", 5_000);
    expect(load.asked).toBe(1);
    await facts.clock.advance(1);
    await facts.fresh("load", 5_000);
    expect(load.asked).toBe(2);

    await facts.refresh("load");
    expect(load.asked).toBe(3);
  });

  it("has the labels that its owner gave it last", () => {
    const facts = openFacts({ tags: { room: "study" } });
    const changed: FactName[] = [];
    facts.onChange((names) => changed.push(...names));

    facts.setTags({ room: "study" });
    facts.setTags({ room: "attic" });

    expect(facts.get("tags")).toMatchObject({ known: { room: "attic" } });
    expect(changed).toEqual(["tags"]);
  });

  it("with a period is looked at again and again, and no more after the end", async () => {
    const load = source(() => ({ load: known(1) }), { everyMs: 1_000 });
    const facts = openFacts({ sources: [load.source] });

    facts.start();
    await facts.clock.advance(3_500);
    expect(load.asked).toBe(4);
    await facts[Symbol.asyncDispose]();
    await facts.clock.advance(5_000);

    expect(load.asked).toBe(4);
  });

  it("that is costly is looked at only when somebody asks, at most once a period", async () => {
    const load = source(() => ({ load: known(1) }), { everyMs: 1_000, onDemand: true });
    const facts = openFacts({ sources: [load.source] });

    facts.start();
    await facts.clock.advance(10_000);
    expect(load.asked).toBe(0);
    facts.get("load");
    facts.get("load");
    await facts.clock.advance(1_000);
    facts.get("load");
    expect(load.asked).toBe(1);
    await facts.clock.advance(1);
    facts.get("load");

    expect(load.asked).toBe(2);
  });

  it("is looked at anew for who wants it fresher, by all who wait at once", async () => {
    let value = 0;
    const load = source(() => ({ load: known(++value) }));
    const facts = openFacts({ sources: [load.source] });

    expect(await facts.fresh("load", Infinity)).toMatchObject({ known: 1 });
    value = 0;
    const both = await Promise.all([facts.fresh("load", 500), facts.refresh("load")]);
    expect(both).toMatchObject([{ known: 1 }, { known: 1 }]);
    await facts.clock.advance(500);
    expect(await facts.fresh("load", 500)).toMatchObject({ known: 1 });
    expect(await facts.fresh("load", 499)).toMatchObject({ known: 2 });

    expect(await facts.refresh("load")).toMatchObject({ known: 3 });
  });
});

describe("a source that", () => {
  const good = source(() => ({ arch: known("x64") }), { names: ["arch"] }).source;

  it.each<[string, () => Readings | Promise<Readings>, string]>([
    ["throws", thrower, "no sensor"],
    ["rejects", async () => thrower(), "no sensor"],
    ["does not know", () => ({ load: unknown("hidden here") }), "hidden here"],
    ["forgets a fact", () => ({}), "its source does not tell"],
  ])("%s hides only its own facts", async (_, read, why) => {
    const facts = openFacts({ sources: [source(read).source, good] });

    facts.start();
    await facts.clock.advance(0);

    expect(facts.get("load")).toEqual({ unknown: why });
    expect(facts.get("arch")).toMatchObject({ known: "x64" });
  });

  it("hangs is given up after its limit and not asked again before it has answered", async () => {
    let answer: (readings: Readings) => void = () => undefined;
    let signal: AbortSignal | undefined;
    const load = source(
      (given) => {
        signal = given;
        return new Promise((resolve) => (answer = resolve));
      },
      { everyMs: 1_000, limitMs: 300 },
    );
    const facts = openFacts({ sources: [load.source, good] });

    facts.start();
    await facts.clock.advance(299);
    expect(facts.get("load")).toEqual({ unknown: "not looked at yet" });
    await facts.clock.advance(1);
    expect(facts.get("load")).toEqual({ unknown: "no answer within 300 ms" });
    expect(signal?.aborted).toBe(true);
    expect(facts.get("arch")).toMatchObject({ known: "x64" });
    await facts.clock.advance(10_000);
    expect(load.asked).toBe(1);
    answer({ load: known(7) });
    await facts.clock.advance(0);
    expect(facts.get("load")).toMatchObject({ known: 7 });
    await facts.clock.advance(2_000);

    expect(load.asked).toBeGreaterThan(1);
  });

  it("never answers keeps nobody waiting longer than its limit", async () => {
    const facts = openFacts({ sources: [source(never, { limitMs: 300 }).source] });

    const asked = facts.refresh("load");
    await facts.clock.advance(300);

    expect(await asked).toEqual({ unknown: "no answer within 300 ms" });
    expect(await facts.refresh("load")).toEqual({ unknown: "no answer within 300 ms" });
  });

  function thrower(): never {
    throw new Error("no sensor");
  }
});

describe("who listens", () => {
  it("is told which values changed, and only those", async () => {
    let load = 1;
    const busy = source(() => ({ load: known(load), cpu_count: known(4) }), {
      names: ["load", "cpu_count"],
      everyMs: 1_000,
    });
    const facts = openFacts({ sources: [busy.source] });
    const told: (readonly FactName[])[] = [];
    const end = facts.onChange((changed) => told.push([...changed]));

    facts.start();
    await facts.clock.advance(1_500);
    load = 2;
    await facts.clock.advance(1_000);
    end();
    load = 3;
    await facts.clock.advance(1_000);

    expect(told).toEqual([["load", "cpu_count"], ["load"]]);
  });
});

describe("facts about what somebody names", () => {
  it("are looked at when they are asked for, and are in snapshots from then on", async () => {
    const asked: string[] = [];
    const disk = keyedSource("disk_free", async (path) => {
      asked.push(path);
      return path === "/none" ? unknown("no such path") : known(path.length);
    });
    const programs = keyedSource("programs", async () => known(null));
    const facts = openFacts({ keyed: { disk_free: disk, programs } });

    expect(await facts.about("disk_free", "/var")).toMatchObject({ known: 4 });
    expect(await facts.about("disk_free", "/none")).toEqual({ unknown: "no such path" });
    await facts.about("disk_free", "/var");

    expect(asked).toEqual(["/var", "/none"]);
    expect(facts.snapshot().disk_free).toMatchObject({ known: { "/var": 4 } });
  });

  it("are remembered for the hundred latest", async () => {
    const facts = openFacts();

    for (let n = 0; n <= 100; n += 1) await facts.about("disk_free", `/${n}`);

    const { disk_free: disk } = facts.snapshot();
    const paths = "known" in disk ? Object.keys(disk.known) : [];
    expect(paths).toHaveLength(100);
    expect(paths).not.toContain("/0");
  });
});

describe("what the owner says", () => {
  it("is so, whatever the machine shows, and is not looked at", async () => {
    const load = source(() => ({ load: known(1) }));
    const facts = openFacts({
      sources: [load.source],
      overrides: {
        plain: { load: { known: 9 }, battery: { unknown: "broken" } },
        keyed: { programs: { ffmpeg: "/opt/ffmpeg" } },
      },
    });
    facts.start();
    await facts.clock.advance(0);

    expect(await facts.refresh("load")).toMatchObject({ known: 9 });
    expect(facts.get("battery")).toEqual({ unknown: "broken" });
    expect(await facts.about("programs", "ffmpeg")).toMatchObject({ known: "/opt/ffmpeg" });
    expect(await facts.about("programs", "docker")).toMatchObject({ known: null });
    expect(load.asked).toBe(0);
  });

  it("of the agent itself is its name and its tags", () => {
    const facts = openFacts({ tags: { room: "study" } });

    expect(facts.get("agent")).toMatchObject({ known: "alpha" });
    expect(facts.get("tags")).toMatchObject({ known: { room: "study" } });
  });
});
