import type { z } from "zod";
import { JobrunnerError } from "../common/error.js";
import { didYouMean } from "../common/text/did-you-mean.js";
import { nearest } from "../common/text/nearest.js";
import { keysUnder } from "./schema.js";
import { at, isObject, type Place, type Problem, type Settings } from "./sources/source.js";

/** What zod found, a problem for each mistake. */
export function problemsOf(error: z.ZodError, settings: Settings): readonly Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
    if (issue.code !== "unrecognized_keys") {
      return [{ path, message: describe(issue, at(settings, path)) }];
    }
    return issue.keys.map((key) => {
      const hint = didYouMean(key, keysUnder(path), among(keysUnder(path)));
      return { path: [...path, key], part: "key", message: `is not a setting; ${hint}` };
    });
  });
}

/** What stands for the type that was expected. */
const FORMS: Readonly<Record<string, string>> = {
  string: "is not a text",
  number: "is not a number",
  boolean: "is neither true nor false",
  array: "is not a list: write it as [one, two]",
  object: "has settings of its own: write them below it, `key: value`, one a line",
  record: "has names of your own: write them below it, `name: value`, one a line",
};
const KEPT_ELSEWHERE = "is a text, or one of { file: PATH }, { env: NAME }, { credential: NAME }";

/** What zod would say in its own words, which are for programmers. */
export function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "too_small") return "is empty";
  if (issue.code !== "invalid_type") return undefined;
  if (issue.expected === "string" && isObject(issue.input)) return KEPT_ELSEWHERE;
  return FORMS[issue.expected];
}

function describe(issue: z.core.$ZodIssue, value: unknown): string {
  const choices = choicesOf(issue);
  if (choices !== undefined) {
    const meant = typeof value === "string" ? nearest(value, choices) : undefined;
    const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
    return `must be one of ${choices.join(", ")}${hint}`;
  }
  // What may be a secret is not repeated.
  if (SECRET.includes(issue.path.at(-1))) return issue.message;
  const shown = typeof value === "string" || typeof value === "number" ? JSON.stringify(value) : "";
  return `${lineWithoutSecrets(shown)} ${issue.message}`.trim();
}

const SECRET: readonly unknown[] = ["token", "tokens", "url", "key", "secret"];

function choicesOf(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  const isPart = issue.path[0] === "board" || issue.path[0] === "persistence";
  if (!isPart || (issue.code !== "invalid_union" && issue.path.length > 1)) return undefined;
  // Of a union told apart by its kind: there is no other.
  return issue.path[0] === "board" ? ["embedded", "redis", "consul"] : ["embedded", "mysql"];
}

function among(keys: readonly string[]): string {
  return keys.length === 0 ? "nothing may stand here" : `there are ${keys.join(", ")}`;
}

/** All problems in one error (code USAGE), each with the line it is on. */
export function configError(problems: readonly Problem[]): JobrunnerError {
  const inOrder = [...problems].sort((a, b) => lineOf(a) - lineOf(b));
  const texts = inOrder.map(({ path, message, place }) => {
    // The name of a flag or variable says already which setting it is.
    const named = path.length === 0 || (place !== undefined && place.line === undefined);
    const what = named ? message : `${path.join(".")} ${message}`;
    if (place === undefined) return what;
    return `${place.label}: ${what}${excerpt(place, SECRET.includes(path.at(-1)))}`;
  });
  return new JobrunnerError("USAGE", `the configuration is wrong\n${texts.join("\n")}`);
}

/** As one reads the file; what is not in a file comes first. */
function lineOf({ place }: Problem): number {
  return place?.line?.number ?? 0;
}

/** The line and a mark under its place. */
function excerpt({ line }: Place, isSecret: boolean): string {
  if (line === undefined || line.text.trim() === "") return "";
  const number = String(line.number).padStart(4);
  const shown = isSecret
    ? `${line.text.slice(0, line.column - 1)}***`
    : lineWithoutSecrets(line.text);
  return `\n${number} | ${shown}\n${" ".repeat(4)} | ${" ".repeat(line.column - 1)}^`;
}

/** A line as it may be shown: other settings on it may be secret, or hold a password. */
function lineWithoutSecrets(text: string): string {
  return (
    text
      // Of something like a URL, also where a colon or a slash of it is missing.
      .replaceAll(/((?:[a-z+]+:\/{1,2})?[^\s:"']*):[^\s"']*@/gi, "$1:***@")
      .replaceAll(/\b(token|key|password|secret)(["']?\s*:\s*)(?!\{)[^\s,}]+/gi, "$1$2***")
  );
}
