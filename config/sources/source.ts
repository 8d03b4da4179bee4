/** Where a setting was written, as people look for it: `config.yaml:7:10`, `JOBRUNNER_BOARD`. */
export interface Place {
  readonly label: string;
  /** The line of the file, and where in it (1 = first column). */
  readonly line?: { readonly number: number; readonly text: string; readonly column: number };
}

/** Keys from the top of the configuration to a setting. */
export type Path = readonly (string | number)[];

/** One of the places settings come from; later ones win. */
export interface Source {
  /** Settings as written there: plain objects, arrays, texts, numbers, booleans. */
  readonly settings: Settings;
  /** Where the value at `path` (or its key), or the nearest one above it, is written. */
  place(path: Path, part?: "key" | "value"): Place;
}

export type Settings = { readonly [key: string]: unknown };

/** Something wrong with the configuration. */
export interface Problem {
  readonly path: Path;
  readonly message: string;
  /** The key is wrong, not its value. */
  readonly part?: "key";
  readonly place?: Place;
}

/** A combination that cannot work, unless there is a setting that could not be read. */
export interface Mistake extends Problem {
  readonly unless: string;
}

export function isObject(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What lies at `path`; undefined when there is nothing. */
export function at(settings: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => {
    if (isObject(value)) return value[key];
    return Array.isArray(value) ? value[Number(key)] : undefined;
  }, settings);
}
