import { expect, it } from "vitest";
import { wrongInLog } from "../../scripts/bench/fuzz/faults.js";
import { startFuzzed } from "../../scripts/bench/fuzz/fuzzed.js";
import { Fuzzer } from "../../scripts/bench/fuzz/fuzzer.js";
import { startPlace } from "../../scripts/lab/fleet/places.js";
import { tempDir } from "../support/temp.js";

/* The short one of `npm run bench -- fuzz`, which runs for minutes and looks at memory, too. */

const REQUESTS = 2_000;
const SEED = 1;

it(
  "answers 2,000 valid, mutated and broken requests as documented",
  { timeout: 180_000 },
  async () => {
    const dir = tempDir();
    await using place = await startPlace("embedded", dir, 2);
    await using fuzzed = await startFuzzed(place, dir);
    using fuzzer = await Fuzzer.open(fuzzed.agents[0].url, SEED);

    await fuzzer.run(16, () => fuzzer.requests < REQUESTS && !fuzzed.ended());

    expect(fuzzer.faults.all).toEqual([]);
    expect(fuzzed.agents.flatMap((agent) => wrongInLog(agent, 0))).toEqual([]);
    expect(fuzzed.ended(), fuzzed.logEnd()).toBe(false);
    // It got through to what an API is for, not only to its refusals.
    expect(fuzzer.statuses.get(201)).toBeGreaterThan(20);
  },
);
