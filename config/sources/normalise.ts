import { isObject, type Settings } from "./source.js";

/*
 * Short forms become long ones, so that the rest knows one form only:
 * `board: consul`, `board: redis://nas:6379`, `persistence: jobs.db`, `flows: [dir]`,
 * `onlyWhen: on_mains`, `peers: http://nas:7463`.
 */

const KINDS: Readonly<Record<string, string>> = {
  sqlite: "embedded",
  redis: "redis",
  rediss: "redis",
  mysql: "mysql",
  mariadb: "mysql",
};

export function normalise(settings: Settings): Settings {
  const { board, persistence, flows, onlyWhen, peers } = settings;
  return {
    ...settings,
    ...(board === undefined ? {} : { board: part(board) }),
    ...(persistence === undefined ? {} : { persistence: part(persistence) }),
    ...(onlyWhen === undefined ? {} : { onlyWhen: list(onlyWhen) }),
    ...(peers === undefined ? {} : { peers: list(peers) }),
    ...(flows === undefined ? {} : { flows: directories(flows) }),
  };
}

/** A list of one is written without brackets. */
function list(value: unknown): unknown {
  return typeof value === "string" ? [value] : value;
}

function directories(flows: unknown): unknown {
  if (!isObject(flows)) return { dirs: list(flows) };
  return flows["dirs"] === undefined ? flows : { ...flows, dirs: list(flows["dirs"]) };
}

/** A board or a persistence: a kind by its name, a URL, or an object already. */
function part(value: unknown): unknown {
  if (typeof value !== "string") return guessKind(value);
  const [, scheme, rest = ""] = /^([a-z]+):(.*)$/s.exec(value) ?? [];
  const kind = scheme === undefined ? undefined : KINDS[scheme];
  if (kind === "embedded") return { kind, path: rest };
  return kind === undefined ? { kind: value } : { kind, url: value };
}

/** `board: { url: redis://nas:6379 }` says its kind by the URL. */
function guessKind(value: unknown): unknown {
  if (!isObject(value) || value["kind"] !== undefined || typeof value["url"] !== "string") {
    return value;
  }
  const kind = KINDS[value["url"].split(":", 1)[0] ?? ""];
  return kind === undefined ? value : { ...value, kind };
}
