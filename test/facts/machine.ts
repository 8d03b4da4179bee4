import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { systemClock } from "../../cli/clock.js";
import { createFacts, type Facts } from "../../facts/facts.js";
import type { Place } from "../../facts/source.js";
import { createSources, type SourcesOptions } from "../../facts/sources.js";
import { tempDir } from "../support/temp.js";

/* Real sources, on this machine or on a /proc and /sys that a test wrote. */

export function look(options: SourcesOptions = {}): Facts {
  const facts = createFacts({ clock: systemClock, agent: "alpha", ...createSources(options) });
  onTestFinished(() => facts[Symbol.asyncDispose]());
  return facts;
}

/** A machine whose /proc and /sys hold these files and nothing else. */
export function machine(files: Readonly<Record<string, string>>, more: Partial<Place> = {}): Facts {
  const root = tempDir();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return look({ place: { root, platform: "linux", ...more }, ports: [8000, 8003] });
}
