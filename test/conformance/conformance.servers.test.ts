import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { databaseOfChapter, openMysql } from "../contracts/mysql.js";
import { differences } from "./compare.js";
import { replay } from "./replay.js";
import { skipReason } from "./skips.js";
import type { Vector } from "./vector.js";

const DIRECTORY = join(import.meta.dirname, "vectors");
/** Vectors at a time. */
const AT_ONCE = 8;

describe("what OpenStack TaskFlow does, with journals in MySQL", () => {
  const empty = databaseOfChapter();

  it("is the same for every vector", { timeout: 180_000 }, async () => {
    const persistence = await openMysql(await empty());
    const left = readdirSync(DIRECTORY)
      .map((file) => JSON.parse(readFileSync(join(DIRECTORY, file), "utf8")) as Vector)
      .filter((vector) => skipReason(vector) === undefined);
    const found: Record<string, readonly string[]> = {};

    const work = async (): Promise<void> => {
      for (let vector = left.pop(); vector !== undefined; vector = left.pop()) {
        found[vector.id] = differences(vector, await replay(vector, persistence));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));

    expect(Object.entries(found).filter(([, different]) => different.length > 0)).toEqual([]);
    expect(Object.keys(found).length).toBeGreaterThan(280);
  });
});
