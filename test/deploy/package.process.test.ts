import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  install,
  type Installed,
  installScripts,
  pack,
  type Packed,
} from "../../scripts/lab/package/installation.js";
import { howToGet, LINES, nodeOf } from "../../scripts/lab/package/nodes.js";
import { freePort } from "../../scripts/lab/ports.js";
import { until } from "../../scripts/lab/until.js";
import { tempDir } from "../support/temp.js";
import { run } from "./run.js";

const MODULES = join(import.meta.dirname, "..", "..", "node_modules");
/** From the start of the installation to the first job that succeeded. */
const FIRST_SUCCESS_WITHIN_MS = 60_000;
const PACKED_BYTES_MAX = 1024 ** 2;
const PACKAGES_MAX = 140;
const INSTALLED_BYTES_MAX = 80 * 1024 ** 2;

const nodes = await Promise.all(LINES.map(async (line) => [line, await nodeOf(line)] as const));
for (const [line, node] of nodes) {
  if (node === undefined) console.log(`note: ${howToGet(line)}`);
}

describe("the published package", { timeout: 120_000 }, () => {
  let packed: Packed;
  let installed: Installed;

  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), "jobrunner-package-"));
    packed = await pack(join(dir, "packed"));
    installed = await install(packed.tarball, join(dir, "prefix"));
    for (const warning of installed.warnings) console.log(`note: ${warning}`);
    return () => {
      rmSync(dir, { recursive: true, force: true });
    };
  }, 120_000);

  it("holds what runs and its pages, and nothing that only its makers need", () => {
    const strange = packed.files.filter(
      (path) =>
        !/^dist\/.+\.(js|d\.ts)$|^deploy\/|^docs\/(reference\/)?[a-z-]+\.md$/.test(path) &&
        !/^(package|npm-shrinkwrap)\.json$|^(README|CHANGELOG)\.md$|^LICENSE$/.test(path),
    );

    expect(strange).toEqual([]);
    expect(packed.files).toContain("docs/errors.md");
    expect(packed.bytes).toBeLessThan(PACKED_BYTES_MAX);
  });

  it("is small once it is installed, and installing it runs nobody's script", async () => {
    const { packages, bytes, ms } = installed;
    const scripts = await Promise.all(packages.map(installScripts));

    expect(scripts.flat()).toEqual([]);
    expect(packages.length).toBeLessThan(PACKAGES_MAX);
    expect(bytes).toBeLessThan(INSTALLED_BYTES_MAX);
    const size = `${(packed.bytes / 1024).toFixed(0)} KiB packed, ${mib(bytes)} installed`;
    console.log(`note: ${size}, ${packages.length} packages in ${seconds(ms)}`);
  });

  it("has types for each of its doors, which a strict project compiles against", async () => {
    const dir = project(installed.root);

    const compiler = join(MODULES, "typescript7", "bin", "tsc");
    const { code, output } = await run(process.execPath, [compiler, "-p", dir]);

    expect(output).toBe("");
    expect(code).toBe(0);
  });

  it.for(nodes)("runs its first job on Node %s", async ([line, node], { skip }) => {
    if (node === undefined) return skip(howToGet(line));

    const { ms, said } = await firstSuccess(node, installed);

    expect(said).toContain("SUCCESS");
    expect(ms + installed.ms).toBeLessThan(FIRST_SUCCESS_WITHIN_MS);
    console.log(`note: Node ${line}: first SUCCESS ${seconds(ms)} after the installation`);
  });
});

/** An agent as `jobrunner dev` makes it, and a job posted to it, with not a word of warning. */
async function firstSuccess(node: string, { root }: Installed) {
  const dir = tempDir();
  const env = { ...process.env, XDG_STATE_HOME: dir, XDG_CONFIG_HOME: dir, NO_COLOR: "1" };
  const main = join(root, "dist", "cli", "main.js");
  const listen = `127.0.0.1:${String(await freePort())}`;
  const began = performance.now();
  const dev = spawn(node, [main, "dev", "--listen", listen], { env });
  const gone = new Promise((resolve) => dev.once("exit", resolve));
  onTestFinished(async () => {
    dev.kill("SIGTERM");
    await gone;
  });
  let output = "";
  let warnings = "";
  dev.stdout.on("data", (part: Buffer) => (output += part.toString()));
  dev.stderr.on("data", (part: Buffer) => (warnings += part.toString()));
  await until(() => output.includes("post hello --wait"), { withinMs: 30_000 });
  const posting = ["post", "hello", "--wait", "--via", `http://${listen}`];
  const posted = await run(node, [main, ...posting], { env });
  const ms = performance.now() - began;
  expect(posted.code).toBe(0);
  expect(warnings).toBe("");
  return { ms, said: posted.output };
}

/** Somebody's project, with flows and a test of them. */
function project(root: string): string {
  const dir = tempDir();
  const modules = join(dir, "node_modules");
  mkdirSync(join(modules, "@types"), { recursive: true });
  symlinkSync(root, join(modules, "jobrunner"));
  for (const name of ["@types/node", "undici-types"]) {
    symlinkSync(join(MODULES, name), join(modules, name));
  }
  const options = {
    target: "ES2022",
    lib: ["ES2023"],
    module: "NodeNext",
    strict: true,
    noEmit: true,
  };
  // Libraries are checked as well: each type that they name has to be in the package.
  const compilerOptions = { ...options, skipLibCheck: false, types: ["node"] };
  writeFileSync(join(dir, "tsconfig.json"), JSON.stringify({ compilerOptions }));
  writeFileSync(join(dir, "package.json"), JSON.stringify({ type: "module" }));
  writeFileSync(join(dir, "greet.ts"), FLOW);
  writeFileSync(join(dir, "greet.test.ts"), TEST);
  return dir;
}

const FLOW = `import { defineFlow, times, z } from "jobrunner";

export default defineFlow({
  name: "greet",
  summary: "Greets somebody",
  params: z.object({ who: z.string(), loud: z.boolean().default(false) }),
  build(f, p) {
    const said = f.task("say", { in: p, execute: ({ who }) => ({ text: who.toUpperCase() }) });
    // @ts-expect-error a text is no number
    f.task("wrong", { in: { text: said.text }, execute: ({ text }) => text.toFixed() });
    f.linear("again", (s) => s.task("tell", { in: { text: said.text }, execute: () => null }), {
      retry: times(2),
    });
  },
});
`;

const TEST = `import { testFlow } from "jobrunner/testing";
import greet from "./greet.js";

const result = await testFlow(greet, { who: "you" });
const state: string = result.state;
// @ts-expect-error there is no such result
const none: string = result.nothing;
export default [state, none];
`;

function mib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(0)} MiB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
