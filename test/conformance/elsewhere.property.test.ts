import { describe, expect, it } from "vitest";
import { openPersistence } from "../../persistence/open.js";
import { tempDir } from "../support/temp.js";
import { differences } from "./compare.js";
import { replay } from "./replay.js";
import { COMPARED } from "./vectors.js";

/*
 * The same vectors on a file, and by an engine as agents run it. Agents do three things otherwise,
 * see docs/taskflow-differences.md: what is over is not run again, what follows an outcome is
 * written with it, and among steps that nothing orders the order is another.
 */

const AGAIN = "a flow that is over is not run again";
const LATER = "what follows an outcome is written with it: a suspend in between comes a step later";
const ORDER = "steps that nothing orders are written in another order";

const DIFFERENT: Readonly<Record<string, string>> = {
  ...because(AGAIN, "cra-13 rev-03 rev-04 run-02 run-03 run-04 run-05"),
  ...because(AGAIN, "random-000055 random-000069 random-000101"),
  ...because(LATER, "sus-01 sus-02 sus-05 sus-06 sus-07 sus-08 sus-09 sus-10"),
  ...because(LATER, "random-000009 random-000033 random-000043 random-000087 random-000108"),
  ...because(LATER, "random-000120"),
  ...because(ORDER, "random-000079 random-000081"),
};

function because(reason: string, ids: string): Readonly<Record<string, string>> {
  return Object.fromEntries(ids.split(" ").map((id) => [id, reason]));
}

describe("what OpenStack TaskFlow does, recorded,", () => {
  it("is the same on a file", async () => {
    await using persistence = await openPersistence(`sqlite:${tempDir()}/jobs.db`);

    for (const vector of COMPARED) {
      expect(differences(vector, await replay(vector, persistence)), vector.id).toEqual([]);
    }
  });

  it("is what agents do, but for three things", async () => {
    await using persistence = await openPersistence("sqlite::memory:");
    const different: string[] = [];

    for (const vector of COMPARED) {
      if (differences(vector, await replay(vector, persistence, {})).length > 0) {
        different.push(vector.id);
      }
    }

    expect(different.sort()).toEqual(Object.keys(DIFFERENT).sort());
  });
});
