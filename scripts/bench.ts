import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createReport, type Report } from "./bench/report.js";

/*
 * `npm run bench -- NAME [--json] [options]`: measures against real servers that it starts itself.
 * Each bench is a file `scripts/bench/NAME.bench.ts` whose default export gets the report and the
 * remaining words, and throws when a bar does not hold.
 */

const FOLDER = join(import.meta.dirname, "bench");
const ENDING = ".bench.ts";

type Bench = (report: Report, words: readonly string[]) => Promise<void>;

const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(ENDING))
  .map((file) => file.slice(0, -ENDING.length));
const [name = "", ...words] = process.argv.slice(2);
if (!names.includes(name)) {
  console.error(`error: there is no bench ${name === "" ? "without a name" : `"${name}"`}`);
  console.error(`hint:  npm run bench -- NAME [--json], with NAME one of ${names.join(", ")}`);
  process.exit(2);
}
const { default: bench } = (await import(join(FOLDER, `${name}${ENDING}`))) as { default: Bench };
await bench(
  createReport(words.includes("--json")),
  words.filter((word) => word !== "--json"),
);
