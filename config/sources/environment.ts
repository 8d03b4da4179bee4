import { parse } from "yaml";
import { kebab } from "../../common/text/kebab.js";
import { nearest } from "../../common/text/nearest.js";
import { normalise } from "./normalise.js";
import { keysUnder } from "../schema.js";
import { isObject, type Path, type Problem, type Settings, type Source } from "./source.js";

const PREFIX = "JOBRUNNER_";

/** Names of the environment that are not settings: read by the command line or by tests. */
const OTHERS = ["ADDR", "CONFIG", "LOG", "TOKEN", "TOKEN_FILE"];

export interface EnvironmentRead {
  readonly source: Source;
  readonly problems: readonly Problem[];
}

/**
 * `JOBRUNNER_DRAIN__TIMEOUT=30s` is `drain: { timeout: 30s }`: keys joined by two underscores,
 * values as in YAML. Other variables with that prefix are left alone, unless they look like a
 * misspelt setting.
 */
export function readEnvironment(env: NodeJS.ProcessEnv): EnvironmentRead {
  const problems: Problem[] = [];
  const names = new Map<string, string>();
  let settings: Settings = {};
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || text === undefined) continue;
    const words = name.slice(PREFIX.length);
    if (OTHERS.includes(words)) continue;
    const path = pathOf(words);
    if (path === undefined) problems.push(...misspelt(name, words));
    else {
      settings = put(settings, path, valueOf(text));
      names.set(path.join("."), name);
    }
  }
  const log = env[`${PREFIX}LOG`];
  if (log !== undefined) {
    settings = put(settings, ["log", "level"], log);
    names.set("log.level", `${PREFIX}LOG`);
  }
  const place = (path: Path): { label: string } => ({ label: nameOf(path, names) });
  return { source: { settings: normalise(settings), place }, problems };
}

/** Texts stay texts unless they read as a number, a boolean, a list or an object. */
function valueOf(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return text;
  }
}

/** `DRAIN__TIMEOUT` -> drain, timeout: the names of the schema, in any case. */
function pathOf(words: string): readonly string[] | undefined {
  const path: string[] = [];
  for (const word of words.split("__")) {
    const plain = word.replaceAll("_", "").toLowerCase();
    const key = keysUnder(path).find((each) => each.toLowerCase() === plain);
    if (key === undefined) return undefined;
    path.push(key);
  }
  return path;
}

function misspelt(name: string, words: string): readonly Problem[] {
  const [first = ""] = words.split("__");
  const isOurs =
    pathOf(first) !== undefined || nearest(first, keysUnder([]).map(wordOf)) !== undefined;
  if (!isOurs) return [];
  const message = `is not a setting; ${meantBy(words.split("__"))}`;
  return [{ path: [], message, place: { label: name } }];
}

/** The variable that is meant, as far as its words lead to settings. */
function meantBy(words: readonly string[]): string {
  const known = words.findLastIndex((_, index) => pathOf(words.slice(0, index + 1).join("__")));
  const above = words.slice(0, known + 1);
  const nameOf = (...last: readonly string[]): string => PREFIX + [...above, ...last].join("__");
  const keys = keysUnder(pathOf(above.join("__")) ?? []).map(wordOf);
  if (keys.length === 0) return `what it is to hold stands in ${nameOf()}, as in YAML`;
  const word = words[known + 1] ?? "";
  const meant = nearest(
    word.replaceAll("_", ""),
    keys.map((key) => key.replaceAll("_", "")),
  );
  const key = keys.find((each) => each.replaceAll("_", "") === meant);
  if (key !== undefined) return `did you mean ${nameOf(key, ...words.slice(known + 2))}?`;
  return `there are ${keys.map((each) => nameOf(each)).join(", ")}`;
}

/** `freePorts` -> `FREE_PORTS`. */
function wordOf(key: string): string {
  return kebab(key).replaceAll("-", "_").toUpperCase();
}

function put(settings: Settings, [key = "", ...rest]: readonly string[], value: unknown): Settings {
  const below = settings[key];
  if (rest.length === 0) return { ...settings, [key]: value };
  return { ...settings, [key]: put(isObject(below) ? below : {}, rest, value) };
}

/** The variable that set `path` or something above it. */
function nameOf(path: Path, names: ReadonlyMap<string, string>): string {
  for (let length = path.length; length > 0; length -= 1) {
    const name = names.get(path.slice(0, length).join("."));
    if (name !== undefined) return name;
  }
  return "the environment";
}
