// `npm run demo`, from a bare clone: installs and builds when needed, then shows the main job.
import { spawn } from "node:child_process";
import { installCommand, needsInstall, quietly, requireNode, ROOT } from "./stages/setup.mjs";

requireNode();
if (needsInstall()) quietly("installing packages", installCommand());
quietly("building", [process.execPath, "scripts/build.mjs"]);

const demo = spawn(process.execPath, ["--import", "jiti/register", "scripts/demo/main.ts"], {
  cwd: ROOT,
  stdio: "inherit",
});
// The demo cleans up after itself; this process only must not die before it.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => demo.kill("SIGTERM"));
}
demo.once("exit", (code) => {
  process.exitCode = code ?? 1;
});
