import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/*
 * What must be there before anything of ours can run: a Node that is new enough and the packages
 * of the lock. Plain JavaScript without imports of packages: in a fresh clone there are none.
 */

export const ROOT = join(import.meta.dirname ?? "", "..", "..");

/** Ends the process with one clear line when this Node is too old. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(`error: this is Node ${process.versions.node}, jobrunner needs 20.19 or newer`);
  console.error("hint:  install the current version of Node from https://nodejs.org");
  process.exit(1);
}

/**
 * True when packages are missing or of another version than the lock says. Times of files tell
 * nothing here: a checkout makes them new. Optional packages may be missing: they are for others.
 */
export function needsInstall(root = ROOT) {
  // npm writes it at the end of an installation that went well.
  const installed = packagesOf(join(root, "node_modules", ".package-lock.json"));
  if (installed === undefined) return true;
  return Object.entries(packagesOf(join(root, "npm-shrinkwrap.json")) ?? {}).some(
    ([path, { version, optional }]) =>
      path !== "" && optional !== true && installed[path]?.version !== version,
  );
}

function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8")).packages;
  } catch {
    return undefined; // Not there, or cut off in the middle.
  }
}

/** `npm ci` as arguments of spawn; the very npm that started us, when there is one. */
export function installCommand() {
  const args = ["ci", "--no-audit", "--no-fund"];
  const npm = process.env.npm_execpath;
  return npm?.endsWith(".js") || npm?.endsWith(".cjs")
    ? [process.execPath, npm, ...args]
    : ["npm", ...args];
}

/** Runs a command with its output kept back; shows all of it and exits when it fails. */
export function quietly(what, [program = "", ...args]) {
  const began = Date.now();
  process.stdout.write(`${what} ... `);
  const result = spawnSync(program, args, { cwd: ROOT, encoding: "utf8", maxBuffer: 2 ** 26 });
  if (result.status === 0) {
    process.stdout.write(`${((Date.now() - began) / 1000).toFixed(1)} s\n`);
    return;
  }
  process.stdout.write("failed\n");
  console.error(`${result.stdout ?? ""}${result.stderr ?? ""}${result.error?.message ?? ""}`);
  process.exit(1);
}
