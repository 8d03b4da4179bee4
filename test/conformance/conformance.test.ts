import { describe, expect, it } from "vitest";
import { openPersistence } from "../../persistence/open.js";
import { differences } from "./compare.js";
import { replay } from "./replay.js";
import { COMPARED, VECTORS } from "./vectors.js";

describe("what OpenStack TaskFlow does, recorded", () => {
  it.each(COMPARED)("$id", async (vector) => {
    await using persistence = await openPersistence("sqlite::memory:");

    expect(differences(vector, await replay(vector, persistence))).toEqual([]);
  });

  it("is left out only where the engine differs on purpose", () => {
    expect(VECTORS).toHaveLength(313);
    expect(VECTORS.length - COMPARED.length).toBeLessThanOrEqual(30);
  });
});
