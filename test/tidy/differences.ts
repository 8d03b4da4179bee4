import { titlesOf } from "./rules-of-protocol.js";
import type { Source } from "./sources.js";

/** What docs/taskflow-differences.md says of one difference, in its last column. */
interface Proof {
  readonly file: string;
  readonly title: string;
}

/** Rows of the page whose test is not there, and rows that name none. */
export function checkDifferences(sources: readonly Source[], page: string): readonly string[] {
  const rows = page.split("\n").filter((line) => /^\| (?!---|TaskFlow \|)/.test(line));
  return rows.flatMap((row) => {
    const proof = proofOf(row);
    if (proof === undefined) return [`no test is named by: ${row.slice(0, 60)}`];
    const source = sources.find(({ path }) => path === proof.file);
    const found = source !== undefined && titlesOf(source).includes(proof.title);
    return found ? [] : [`${proof.file} has no test "${proof.title}"`];
  });
}

function proofOf(row: string): Proof | undefined {
  const [, file, title] = /\| `(test\/[^`]+)` ([^|]+?) \|$/.exec(row) ?? [];
  return file === undefined || title === undefined ? undefined : { file, title };
}

/** Classes of recorded runs that are left out and that the page does not explain. */
export function checkClasses(classes: readonly string[], page: string): readonly string[] {
  return classes
    .filter((name) => !page.includes(`(class \`${name}\`)`))
    .map((name) => `the class ${name} is left out and not explained`);
}
