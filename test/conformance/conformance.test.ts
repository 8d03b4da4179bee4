import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPersistence } from "../../persistence/open.js";
import { tempDir } from "../support/temp.js";
import { differences } from "./compare.js";
import { replay } from "./replay.js";
import { skipReason } from "./skips.js";
import type { Vector } from "./vector.js";

const DIRECTORY = join(import.meta.dirname, "vectors");
const VECTORS = readdirSync(DIRECTORY).map(
  (file) => JSON.parse(readFileSync(join(DIRECTORY, file), "utf8")) as Vector,
);

describe("what OpenStack TaskFlow does, recorded", () => {
  it.each(VECTORS.filter((vector) => skipReason(vector) === undefined))("$id", async (vector) => {
    await using persistence = await openPersistence("sqlite::memory:");

    expect(differences(vector, await replay(vector, persistence))).toEqual([]);
  });

  it("is the same on a file", async () => {
    const some = VECTORS.filter((vector, index) => index % 20 === 0 && !skipReason(vector));
    for (const vector of some) {
      await using persistence = await openPersistence(`sqlite:${tempDir()}/jobs.db`);

      expect(differences(vector, await replay(vector, persistence)), vector.id).toEqual([]);
    }
  });

  it("is left out only where the engine differs on purpose", () => {
    const skipped = VECTORS.filter((vector) => skipReason(vector) !== undefined);

    expect(VECTORS).toHaveLength(313);
    expect(skipped.length).toBeLessThanOrEqual(30);
  });
});
