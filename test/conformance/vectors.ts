import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { skipReason } from "./skips.js";
import type { Vector } from "./vector.js";

const DIRECTORY = join(import.meta.dirname, "vectors");

export const VECTORS: readonly Vector[] = readdirSync(DIRECTORY).map(
  (file) => JSON.parse(readFileSync(join(DIRECTORY, file), "utf8")) as Vector,
);

/** Those in which the engine differs on purpose left out. */
export const COMPARED = VECTORS.filter((vector) => skipReason(vector) === undefined);
