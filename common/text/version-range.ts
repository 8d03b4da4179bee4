/*
 * Ranges of versions as packages write them in `engines`: `||`, spaces for "and",
 * `>= > <= < = ^ ~`, hyphens, `x` and `*`.
 */

type Version = readonly [number, number, number];

const COMPARATOR = /^(?:>=|<=|>|<|=|\^|~)?v?(?:[xX*]|\d+(?:\.(?:\d+|[xX*])){0,2})$/;
/** The longer ones first: `>=` begins with `>`. */
const OPERATORS = [">=", "<=", ">", "<", "=", "^", "~"];

/** True for a text that `satisfies` understands. */
export function isVersionRange(text: string): boolean {
  return text
    .split("||")
    .every((part) => split(part.trim()).every((each) => COMPARATOR.test(each)));
}

/** True when `version` lies in `range`, as npm reads it. */
export function satisfies(version: string, range: string): boolean {
  const wanted = parse(version);
  return range.split("||").some((part) => allows(part.trim(), wanted));
}

function allows(part: string, version: Version): boolean {
  return split(part).every((comparator) => compares(comparator, version));
}

/** `20 - 22` and `>= 20 <22` as their comparators. */
function split(part: string): readonly string[] {
  return part
    .replace(/^(\S+)\s+-\s+(\S+)$/, ">=$1 <=$2")
    .replace(/([<>=^~]+)\s+/g, "$1")
    .split(/\s+/);
}

function compares(comparator: string, version: Version): boolean {
  const operator = OPERATORS.find((each) => comparator.startsWith(each)) ?? "";
  const text = comparator.slice(operator.length).replace(/^v/, "");
  if (/^[x*]?$/i.test(text)) return true;
  const low = parse(text);
  const after = ceiling(operator, text);
  if (operator === ">=") return order(version, low) >= 0;
  if (operator === "<") return order(version, low) < 0;
  if (operator === ">") return order(version, after) >= 0;
  if (operator === "<=") return order(version, after) < 0;
  return order(version, low) >= 0 && order(version, after) < 0;
}

/** The first version beyond what `operator` and a possibly short `text` (`20`, `20.x`) cover. */
function ceiling(operator: string, text: string): Version {
  const [major, minor, patch] = parse(text);
  const given = text.split(".").filter((part) => /^\d/.test(part)).length;
  if (operator === "^") {
    if (major > 0 || given === 1) return [major + 1, 0, 0];
    return minor > 0 || given === 2 ? [0, minor + 1, 0] : [0, 0, patch + 1];
  }
  if (given === 1) return [major + 1, 0, 0];
  return given === 2 || operator === "~" ? [major, minor + 1, 0] : [major, minor, patch + 1];
}

function parse(text: string): Version {
  const parts = text.split(".");
  const part = (place: number): number => Number.parseInt(parts[place] ?? "", 10) || 0;
  return [part(0), part(1), part(2)];
}

function order(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2];
}
