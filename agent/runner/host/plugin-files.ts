import { type Dirent, lstatSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { PluginProblem } from "../runner.js";

/** Files to load as plugins, and why some are left out. */
export interface PluginFiles {
  readonly files: readonly string[];
  readonly problems: readonly PluginProblem[];
}

const CODE = /\.(?:ts|js|mts|mjs)$/;
/** Beside flows for good reason, but none themselves. */
const NO_PLUGIN = /(?:\.d\.m?ts|\.(?:test|spec)\.m?[jt]s)$/;
const INDEX = ["index.ts", "index.js", "index.mts", "index.mjs"];

/**
 * The plugins of a directory: code at its top, and folders with an index file; or the one file that
 * is named. What others than this machine's owner could have written is refused, since loading it
 * runs it.
 */
export function findPlugins(directory: string): PluginFiles {
  if (statSync(directory, { throwIfNoEntry: false })?.isFile() === true) return oneFile(directory);
  const problems: PluginProblem[] = [];
  const files: string[] = [];
  let root: string;
  let entries: readonly Dirent[];
  try {
    root = realpathSync(resolve(directory));
    entries = readdirSync(root, { withFileTypes: true });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { files, problems: [{ file: directory, message: `cannot be read: ${why}` }] };
  }
  const open = writableByAll(root);
  if (open !== undefined) return { files, problems: [{ file: directory, message: open }] };
  for (const { name } of [...entries].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = pluginAt(root, name);
    if (file === undefined) continue;
    const refused = refusal(root, file);
    if (refused === undefined) files.push(file);
    else problems.push({ file, message: refused });
  }
  return { files, problems };
}

function oneFile(path: string): PluginFiles {
  const file = realpathSync(path);
  const refused = refusal(join(file, ".."), file);
  if (refused === undefined) return { files: [file], problems: [] };
  return { files: [], problems: [{ file, message: refused }] };
}

/** The plugin that a directory entry stands for, if any. */
function pluginAt(root: string, name: string): string | undefined {
  if (name.startsWith(".") || name === "node_modules") return undefined;
  const path = join(root, name);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true) {
    return INDEX.map((index) => join(path, index)).find((file) => exists(file));
  }
  // A dangling link goes on to be refused with its reason.
  return CODE.test(name) && !NO_PLUGIN.test(name) ? path : undefined;
}

function refusal(root: string, file: string): string | undefined {
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    return "refused: a symbolic link that leads nowhere";
  }
  if (!real.startsWith(root + sep)) {
    return `refused: a symbolic link out of its directory, to ${real}`;
  }
  const folder = join(real, "..");
  return writableByAll(real) ?? (folder === root ? undefined : writableByAll(folder));
}

function writableByAll(path: string): string | undefined {
  if (process.platform === "win32") return undefined; // Its modes say nothing.
  const { mode } = statSync(path);
  // In a sticky directory nobody can replace the files of others, only add some.
  if ((mode & 0o002) === 0) return undefined;
  return `refused: anybody on this machine may write to ${path} (chmod o-w ${path})`;
}

function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}
