import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** The lines of Node that jobrunner runs on. */
export const LINES = ["20", "22", "24"] as const;

export type Line = (typeof LINES)[number];

const CACHE = join(import.meta.dirname, "..", "..", "..", "node_modules", ".cache", "nodes");
const PACKAGE = `node-${process.platform}-${process.arch}`;
const INSTALL_WITHIN_MS = 120_000;

/**
 * A program of that line: the one that runs this, or one from the registry, which is kept between
 * runs. A hundred megabytes are only fetched for whoever asks, and in continuous integration.
 */
export async function nodeOf(line: Line): Promise<string | undefined> {
  if (process.versions.node.startsWith(`${line}.`)) return process.execPath;
  const directory = join(CACHE, line);
  const program = join(directory, "node_modules", PACKAGE, "bin", "node");
  if (existsSync(program)) return program;
  const { CI, JOBRUNNER_INSTALL_NODES } = process.env;
  if (CI === undefined && JOBRUNNER_INSTALL_NODES === undefined) return undefined;
  await mkdir(directory, { recursive: true });
  const quiet = ["--no-audit", "--no-fund", "--ignore-scripts"];
  const words = ["install", "--prefix", directory, ...quiet, `${PACKAGE}@${line}`];
  await promisify(execFile)("npm", words, { cwd: directory, timeout: INSTALL_WITHIN_MS });
  return program;
}

/** What to say where a line is not at hand. */
export function howToGet(line: Line): string {
  return `NOT TESTED on Node ${line}: JOBRUNNER_INSTALL_NODES=1 npm test -- e2e fetches it once`;
}
