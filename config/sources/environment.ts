import { parse } from "yaml";
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
  const keys = keysUnder([]).map((key) => key.toUpperCase());
  const known = keys.includes(first);
  const meant = known ? undefined : nearest(first, keys);
  if (!known && meant === undefined) return [];
  const hint = meant === undefined ? "" : `; did you mean ${PREFIX}${meant}?`;
  return [{ path: [], message: `is not a setting${hint}`, place: { label: name } }];
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
