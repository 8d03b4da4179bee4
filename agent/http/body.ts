import { JobrunnerError } from "../../common/error.js";
import type { Json } from "../../common/json.js";
import { LIMITS } from "./limits.js";

/*
 * Bodies are read with more care than JSON.parse takes: it rounds integers above 2^53 without a
 * word, recurses as deep as the text asks for, and lets `__proto__` through. Of two equal keys the
 * last one counts, as everywhere in JavaScript.
 */

/** Strings (skipped), numbers, brackets and colons of a JSON text; what else there is can't hurt. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"?|-?\d[\d.eE+-]*|[[\]{}:]/gs;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** The JSON value of a request body. Throws NOT_JSON (which says where) or TOO_LARGE. */
export function parseBody(bytes: Buffer): Json {
  const text = decode(bytes);
  scan(text);
  const value = parse(text);
  check(value, "");
  return value;
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new JobrunnerError("NOT_JSON", "the body is not UTF-8", { cause: error });
  }
}

/** Looks at the text before anything recursive does. */
function scan(text: string): void {
  let depth = 0;
  let keys = 0;
  for (const [token] of text.matchAll(TOKEN)) {
    const first = token[0] ?? "";
    if (first === "[" || first === "{") depth += 1;
    else if (first === "]" || first === "}") depth -= 1;
    else if (first === ":") keys += 1;
    else if (first !== '"') checkNumber(token);
    if (depth > LIMITS.bodyDepth) throw tooMuch(`nested deeper than ${LIMITS.bodyDepth} levels`);
    if (keys > LIMITS.bodyKeys) throw tooMuch(`of more than ${LIMITS.bodyKeys} keys`);
  }
}

function checkNumber(token: string): void {
  const value = Number(token);
  const whole = /^-?\d+$/.test(token);
  if (Number.isNaN(value) || (Number.isFinite(value) && !(whole && !Number.isSafeInteger(value)))) {
    return;
  }
  throw new JobrunnerError("NOT_JSON", `the number ${token.slice(0, 40)} cannot be kept exactly`, {
    hint: "Whole numbers go up to 9007199254740991; send larger ones as strings.",
  });
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const detail = text.trim() === "" ? "the body is empty" : `the body is not JSON: ${why}`;
    throw new JobrunnerError("NOT_JSON", detail, { cause: error });
  }
}

/** Names that reach behind an object when somebody copies it key by key. */
function check(value: Json, pointer: string): void {
  if (typeof value === "string" && LONE_SURROGATE.test(value)) {
    throw new JobrunnerError("NOT_JSON", `the text at ${at(pointer)} is not valid Unicode`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    const here = `${pointer}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    if (isPoison(key, member)) {
      throw new JobrunnerError("NOT_JSON", `the key at ${at(here)} is not allowed`);
    }
    check(key, here);
    check(member, here);
  }
}

function isPoison(key: string, member: Json): boolean {
  if (key === "__proto__") return true;
  if (key !== "constructor" || typeof member !== "object" || member === null) return false;
  return Object.hasOwn(member, "prototype");
}

/** Pointers come from the sender: kept short, and without anything that a terminal obeys. */
function at(pointer: string): string {
  return pointer === "" ? "the top" : pointer.slice(0, 100).replaceAll(/\p{Cc}/gu, "?");
}

function tooMuch(what: string): JobrunnerError {
  return new JobrunnerError("NOT_JSON", `the body is JSON ${what}`, {
    hint: "Send a flatter, smaller document.",
  });
}
