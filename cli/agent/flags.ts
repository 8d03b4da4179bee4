import { kebab } from "../../common/text/kebab.js";
import { normalise } from "../../config/sources/normalise.js";
import type { Path, Settings, Source } from "../../config/sources/source.js";
import type { RunFlags } from "../options.js";

/** Which setting a flag is. */
const PATHS: Readonly<Record<Exclude<keyof RunFlags, "config" | "database" | "once">, Path>> = {
  name: ["agent", "name"],
  slots: ["agent", "slots"],
  runner: ["agent", "runner"],
  tag: ["agent", "tags"],
  fact: ["facts"],
  listen: ["api", "listen"],
  flows: ["flows", "dirs"],
  board: ["board"],
  persistence: ["persistence"],
  lease: ["claim", "lease"],
  drainTimeout: ["drain", "timeout"],
};

/** The flags of `jobrunner run` as settings, which win over files and environment. */
export function flagSource(flags: RunFlags): Source {
  let settings = embedded(flags.database);
  const names = new Map<string, string>();
  for (const part of ["board", "persistence"]) names.set(part, "--database");
  for (const [flag, path] of Object.entries(PATHS)) {
    const value = flags[flag as keyof typeof PATHS];
    if (value === undefined) continue;
    settings = put(settings, path, flag === "slots" ? wholeOrText(value) : value);
    names.set(path.join("."), `--${kebab(flag)}`);
  }
  const place = (path: Path): { label: string } => ({ label: nameOf(path, names) });
  return { settings: normalise(settings), place };
}

/** What is no number is told so by the configuration. */
function wholeOrText(value: unknown): unknown {
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}

/** `--database FILE` is board and persistence in one file. */
function embedded(database: string | undefined): Settings {
  if (database === undefined) return {};
  const part = { kind: "embedded", path: database.replace(/^sqlite:/, "") };
  return { board: part, persistence: part };
}

function put(settings: Settings, [first = "", second]: Path, value: unknown): Settings {
  if (second === undefined) return { ...settings, [first]: value };
  return {
    ...settings,
    [first]: { ...(settings[first] as Settings | undefined), [second]: value },
  };
}

function nameOf(path: Path, names: ReadonlyMap<string, string>): string {
  return names.get(path.slice(0, 2).join(".")) ?? names.get(String(path[0])) ?? "the command line";
}
