import type { z } from "zod";
import { isLoopback } from "../common/loopback.js";
import type { Config } from "./config.js";
import { readEnvironment } from "./sources/environment.js";
import { type FileRead, readSettingsFile } from "./sources/file.js";
import { settingsFiles } from "./sources/files.js";
import { type Merged, merge } from "./sources/merge.js";
import { configError, inOurWords, problemsOf } from "./problems.js";
import { hookMistakes } from "./hooks.js";
import { complete, listenAddress, mysqlUrl, type Variable, variablesOf } from "./complete.js";
import { readPem } from "./pem.js";
import { type CheckedSettings, SETTINGS } from "./schema.js";
import { readSecrets } from "./secrets.js";
import type { Mistake, Path, Problem, Settings, Source } from "./sources/source.js";

export interface LoadOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The only file to read. */
  readonly file?: string;
  /** What the command line says, which wins. */
  readonly flags?: Source;
}

export interface Loaded {
  readonly config: Config;
  readonly warnings: readonly string[];
  /** What was written, and where: for `jobrunner config show`. */
  readonly settings: Settings;
  readonly merged: Merged;
  readonly secret: readonly Path[];
  /** What other programs' variables decide. */
  readonly variables: readonly Variable[];
  readonly files: readonly string[];
}

/**
 * Reads files, environment and flags, low to high, and checks the whole. Throws USAGE with every
 * mistake at once, each with its place.
 */
export function loadConfig({ env, file, flags }: LoadOptions): Loaded {
  const files = settingsFiles(env, file);
  const reads = files.map((each) => readSettingsFile(each) ?? absent(each));
  const environment = readEnvironment(env);
  const problems = [...reads.flatMap((read) => read.problems), ...environment.problems];
  const written = [...reads.flatMap(({ source }) => source ?? []), environment.source];
  const merged = merge(flags === undefined ? written : [...written, flags]);
  const secrets = readSecrets(merged.settings, env);
  const checked = SETTINGS.safeParse(secrets.settings, { error: inOurWords });
  const wrong = checked.success ? [] : failedPartsOf(checked.error);
  const right = checked.data ?? without(wrong, secrets.settings);
  const pem = readPem(right.api, env);
  // Of what could not be read, or is wrong in itself, nobody knows whether it fits.
  const isWhole = reads.every(({ source }) => source !== undefined);
  const unsure = [...wrong, ...secrets.problems.map(({ path }) => path.join("."))];
  problems.push(
    ...[
      ...secrets.problems,
      ...(checked.success ? [] : problemsOf(checked.error, secrets.settings)),
      ...pem.problems,
      ...mistakes(right, env, merged).filter(
        ({ unless }) => isWhole && !unsure.some((each) => isWithin(unless, each)),
      ),
    ].map((problem) => located(problem, merged)),
  );
  if (problems.length > 0 || !checked.success) throw configError(withoutDoubles(problems));
  const config = complete(checked.data, env, pem);
  const { settings, secret } = secrets;
  const warnings = [...secrets.warnings, ...pem.warnings];
  const variables = variablesOf(checked.data, env);
  return { config, warnings, settings, merged, secret, variables, files };
}

/** Names at the top under which something is wrong. */
function failedPartsOf(error: z.ZodError): readonly string[] {
  return error.issues.flatMap((issue) => {
    if (issue.path.length > 0) return [String(issue.path[0])];
    return issue.code === "unrecognized_keys" ? issue.keys : [];
  });
}

/** The rest may be wrong as well in what is checked later: all mistakes are told at once. */
function without(parts: readonly string[], settings: Settings): CheckedSettings {
  const rest = Object.entries(settings).filter(([key]) => !parts.includes(key));
  return SETTINGS.safeParse(Object.fromEntries(rest)).data ?? {};
}

function isWithin(setting: string, above: string): boolean {
  return setting === above || setting.startsWith(`${above}.`);
}

function absent(file: string): FileRead {
  return { problems: [{ path: [], message: "there is no such file", place: { label: file } }] };
}

function located(problem: Problem, merged: Merged): Problem {
  const place = merged.place(problem.path, problem.part);
  return place === undefined ? problem : { ...problem, place };
}

/** A secret that cannot be read is missing as well: once is enough. */
function withoutDoubles(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  return problems.filter(({ path }) => {
    const key = path.join(".");
    const isNew = key === "" || !seen.has(key);
    seen.add(key);
    return isNew;
  });
}

/** Combinations that cannot work, with the reason. */
function mistakes(
  settings: CheckedSettings,
  env: NodeJS.ProcessEnv,
  merged: Merged,
): readonly Mistake[] {
  const { board, persistence, api } = settings;
  const lineOf = (path: Path): number | undefined => merged.place(path)?.line?.number;
  const problems: Mistake[] = [...hookMistakes(settings.hooks ?? [], lineOf)];
  if (api?.token === undefined && !isLoopback(listenAddress(api?.listen).host)) {
    problems.push({
      unless: "api.token",
      path: ["api", "listen"],
      message:
        "can be reached from other machines, and whoever can post runs code: add " +
        "`token: { file: PATH }`, the same on all of them, or listen on 127.0.0.1",
    });
  }
  if (api?.tokens !== undefined && api.token === undefined) {
    problems.push({
      unless: "api.token",
      path: ["api", "tokens"],
      message: "needs api.token as well: agents ask each other with that one",
    });
  }
  const kind = board?.kind ?? "embedded";
  if (kind !== "embedded" && (persistence?.kind ?? "embedded") === "embedded") {
    problems.push({
      unless: "persistence.path",
      path: persistence === undefined ? ["board"] : ["persistence"],
      message:
        `cannot be: the board (${kind}) is shared by machines, but jobs would be kept in a file ` +
        "of this one, where no other could go on with them; add `persistence: mysql`",
    });
  }
  if (persistence?.kind === "mysql" && !/^(mysql|mariadb):/.test(mysqlUrl(persistence, env))) {
    problems.push({
      unless: "persistence.url",
      path: ["persistence"],
      message: "needs the address of the database: url: mysql://user:password@host:3306/jobrunner",
    });
  }
  return problems;
}
