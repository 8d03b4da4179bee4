// `npm run build`: compiles to dist/ and removes what an earlier build left there of files that
// are gone. Otherwise a renamed flow would be loaded twice.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./stages/setup.mjs";

const DIST = join(ROOT, "dist");
const TSC = join(ROOT, "node_modules", "typescript", "bin", "tsc");
const MADE = /\.(js|js\.map|d\.ts)$/;

const { status } = spawnSync(process.execPath, [TSC, "-p", "tsconfig.build.json"], {
  cwd: ROOT,
  stdio: "inherit",
});
if (status === 0) {
  prune("");
  // As npm makes it when it installs the package.
  chmodSync(join(DIST, "cli", "main.js"), 0o755);
}
process.exit(status ?? 1);

function prune(folder) {
  for (const entry of readdirSync(join(DIST, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) prune(path);
    const source = join(ROOT, entry.isDirectory() ? path : path.replace(MADE, ".ts"));
    if (!existsSync(source)) rmSync(join(DIST, path), { recursive: true });
  }
}
