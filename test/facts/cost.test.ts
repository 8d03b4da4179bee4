import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../cli/clock.js";
import type { PlainName } from "../../facts/fact.js";
import { createFacts } from "../../facts/facts.js";
import type { Source } from "../../facts/source.js";
import { createSources } from "../../facts/sources.js";
import { tempDir } from "../support/temp.js";

/** Others use this machine too: the quietest of some tries shows what is ours. */
const TRIES = 5;
const BLOCKED_MS_MAX = 50;

describe("looking at everything", () => {
  it("blocks the event loop for less than 50 ms, with 100,000 connections as well", async () => {
    const root = tempDir();
    const line = "   0: 0100007F:1F90 0100007F:0000 01 00000000:00000000 00:00000000 00000000 0 0";
    mkdirSync(join(root, "proc/net"), { recursive: true });
    writeFileSync(join(root, "proc/net/tcp"), `${line.padEnd(149)}\n`.repeat(100_000));
    const tries: number[] = [];

    for (let n = 0; n < TRIES; n += 1) {
      tries.push(await blockedMs({}), await blockedMs({ root, platform: "linux" }));
    }

    const here = Math.min(...tries.filter((_, index) => index % 2 === 0));
    const crowded = Math.min(...tries.filter((_, index) => index % 2 === 1));
    console.log(
      `all facts block the loop for ${here.toFixed(1)} ms, ${crowded.toFixed(1)} crowded`,
    );
    expect(Math.max(here, crowded)).toBeLessThan(BLOCKED_MS_MAX);
  }, 30_000);

  it("costs an idle agent less than 0.2 % of a core", async () => {
    const { sources } = createSources();
    const repeated = sources.filter(({ everyMs, onDemand }) => everyMs !== undefined && !onDemand);
    let share = 0;

    for (const source of repeated) share += (await cpuMs(source)) / (source.everyMs ?? 1);

    console.log(`note: idle facts cost ${(share * 100).toFixed(4)} % of a core`);
    expect(repeated.length).toBeGreaterThan(2);
    expect(share).toBeLessThan(0.002);
  });
});

/** The longest pause of the event loop, ms, while every fact is looked at. */
async function blockedMs(place: { root?: string; platform?: NodeJS.Platform }): Promise<number> {
  const { sources, keyed } = createSources({ place });
  const facts = createFacts({ clock: systemClock, agent: "alpha", sources, keyed });
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await turn(); // Its own start is not ours to count.
  delay.reset();
  facts.start();
  const names = sources.flatMap((source) => source.names as readonly PlainName[]);
  await Promise.all(names.map((name) => facts.refresh(name)));
  await facts.about("disk_free", "/");
  await facts.about("programs", "sh");
  await turn();
  delay.disable();
  await facts[Symbol.asyncDispose]();
  return delay.max / 1e6;
}

/** Its timer fires once a millisecond: only a later turn of the loop has told it of this one. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

/** Processor time of one look, ms. */
async function cpuMs({ read }: Source): Promise<number> {
  const looks = 50;
  const { signal } = new AbortController();
  await read(signal);
  const before = process.cpuUsage();
  for (let n = 0; n < looks; n += 1) await read(signal);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000 / looks;
}
