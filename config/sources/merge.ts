import { at, isObject, type Path, type Place, type Settings, type Source } from "./source.js";

/** All sources as one, with the way back to where each setting came from. */
export interface Merged {
  readonly settings: Settings;
  /** The source that decided the setting at `path`; undefined for one that nobody wrote. */
  sourceOf(path: Path): Source | undefined;
  place(path: Path, part?: "key"): Place | undefined;
  /** Where the setting at `path` is written, or the parts of it; nowhere for a default. */
  writtenAt(path: Path): readonly Place[];
}

/** Later sources win, key by key; lists and kinds of boards are replaced as a whole. */
export function merge(sources: readonly Source[]): Merged {
  const origins = new Map<string, Source>();
  let settings: Settings = {};
  for (const source of sources) settings = combine(settings, source.settings, { source, origins });
  const sourceOf = (path: Path): Source | undefined => {
    for (let length = path.length; length > 0; length -= 1) {
      const origin = origins.get(keyOf(path.slice(0, length)));
      if (origin !== undefined) return origin;
    }
    return undefined;
  };
  return {
    settings,
    sourceOf,
    place: (path, part) => sourceOf(path)?.place(path, part),
    writtenAt(path) {
      const sources = leavesOf(at(settings, path), path).map((leaf) => origins.get(keyOf(leaf)));
      return [...new Set(sources)].flatMap((source) => source?.place(path) ?? []);
    },
  };
}

/** Paths of all that is no object with something in it. */
function leavesOf(value: unknown, path: Path): readonly Path[] {
  if (value === undefined) return [];
  const below = isObject(value) ? Object.entries(value) : [];
  if (below.length === 0) return [path];
  return below.flatMap(([key, each]) => leavesOf(each, [...path, key]));
}

interface Trace {
  readonly source: Source;
  readonly origins: Map<string, Source>;
}

function combine(low: Settings, high: Settings, trace: Trace, above: Path = []): Settings {
  const merged: Record<string, unknown> = { ...low };
  for (const [key, value] of Object.entries(high)) {
    if (value === undefined) continue;
    const path = [...above, key];
    trace.origins.set(keyOf(path), trace.source);
    const before = merged[key];
    merged[key] = isObject(value)
      ? combine(isObject(before) && !changesKind(before, value) ? before : {}, value, trace, path)
      : value;
  }
  return merged;
}

/** `--board consul` over a file's `board: { kind: redis, url: ... }`: the URL goes, too. */
function changesKind(before: Settings, value: Settings): boolean {
  return value["kind"] !== undefined && value["kind"] !== before["kind"];
}

function keyOf(path: Path): string {
  return JSON.stringify(path);
}
