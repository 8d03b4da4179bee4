import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const LIMIT_MS = 120_000;

export interface Packed {
  readonly tarball: string;
  /** Paths in the package. */
  readonly files: readonly string[];
  readonly bytes: number;
}

export interface Installed {
  /** The program, as npm puts it on somebody's path. */
  readonly program: string;
  readonly root: string;
  readonly packages: readonly string[];
  readonly bytes: number;
  readonly ms: number;
  /** What npm said; nothing when all is well. */
  readonly warnings: readonly string[];
}

/** What `npm publish` would publish, as a file in `directory`; `dist` has to be built. */
export async function pack(directory: string, source = ROOT): Promise<Packed> {
  await mkdir(directory, { recursive: true });
  const words = ["pack", source, "--json", "--ignore-scripts", "--pack-destination", directory];
  const { stdout } = await npm(words, directory);
  const [made] = JSON.parse(stdout) as [
    { filename: string; size: number; files: readonly { path: string }[] },
  ];
  const { filename, size, files } = made;
  return { tarball: join(directory, filename), files: files.map(({ path }) => path), bytes: size };
}

/** `npm install --global` in an empty prefix; what npm has kept already is not fetched again. */
export async function install(tarball: string, prefix: string): Promise<Installed> {
  await mkdir(prefix, { recursive: true });
  const began = performance.now();
  const quiet = ["--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"];
  const words = ["install", "--global", "--prefix", prefix, "--ignore-scripts=false", tarball];
  const { stderr } = await npm([...words, ...quiet], prefix);
  const ms = performance.now() - began;
  const root = join(prefix, "lib", "node_modules", "jobrunner");
  const { packages, bytes } = await measure(root);
  const warnings = stderr.split("\n").filter((line) => line !== "");
  return { program: join(prefix, "bin", "jobrunner"), root, packages, bytes, ms, warnings };
}

/** Outside the project, whose `.npmrc` is not everybody's. */
function npm(words: readonly string[], cwd: string): Promise<{ stdout: string; stderr: string }> {
  const own = process.env["npm_execpath"];
  const isScript = own !== undefined && /\.c?js$/.test(own);
  const [program, ...args] = isScript ? [process.execPath, own, ...words] : ["npm", ...words];
  const limits = { timeout: LIMIT_MS, maxBuffer: 64 * 1024 ** 2 };
  return promisify(execFile)(program, args, { cwd, ...limits });
}

/** Every package, its own root included, and what all of their files take. */
async function measure(root: string) {
  const packages = [root];
  let bytes = 0;
  for (const entry of await readdir(root, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) bytes += (await stat(path)).size;
    if (MANIFEST.test(path)) packages.push(entry.parentPath);
  }
  return { packages, bytes };
}

const MANIFEST = /\/node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/;

/** Scripts of a package that npm runs when it is installed. */
export async function installScripts(directory: string): Promise<readonly string[]> {
  const text = await readFile(join(directory, "package.json"), "utf8");
  const { scripts = {} } = JSON.parse(text) as { scripts?: Readonly<Record<string, string>> };
  return Object.keys(scripts).filter((name) => /^(pre|post)?install$/.test(name));
}
