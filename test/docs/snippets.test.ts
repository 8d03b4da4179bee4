import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createJiti } from "jiti";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { capabilityOf } from "../../sdk/capabilities/define-capability.js";
import { isFlowDefinition } from "../../sdk/define-flow.js";
import { tempDir } from "../support/temp.js";

/* The flows that the pages show are compiled and loaded, so that none of them rots. */

const ROOT = join(import.meta.dirname, "..", "..");
const SDK = join(ROOT, "sdk", "index.ts");
const PAGES = ["README.md", "docs/writing-flows.md", "docs/capabilities.md"];

interface Snippet {
  readonly title: string;
  readonly code: string;
  /** Below the project, so that packages are found; never written. */
  readonly file: string;
}

const snippets = PAGES.flatMap((page): Snippet[] => {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```ts\n(import [\s\S]*?)^```$/gm)].map((match, n) => ({
    title: `${page} ${String(n + 1)}`,
    code: match[1] ?? "",
    file: join(ROOT, "snippets", `${page.replaceAll("/", "-")}-${String(n + 1)}.ts`),
  }));
});

describe("the flows in the pages", () => {
  it("are there", () => {
    expect(snippets.length).toBeGreaterThanOrEqual(4);
  });

  it("compile", { timeout: 60_000 }, () => {
    expect(compile(snippets)).toEqual([]);
  });

  it.each(snippets)("load: $title", async ({ code }) => {
    const dir = join(tempDir(), "flows");
    mkdirSync(dir);
    writeFileSync(join(dir, "flow.ts"), code);
    const jiti = createJiti(dir, { alias: { jobrunner: SDK }, fsCache: false });

    const plugin = await jiti.import<unknown>(join(dir, "flow.ts"), { default: true });

    expect(isFlowDefinition(plugin) || capabilityOf(plugin) !== undefined).toBe(true);
  });
});

function compile(files: readonly Snippet[]): readonly string[] {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile.bind(ts.sys));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const code = new Map(files.map((snippet) => [snippet.file, snippet.code]));
  const quiet = { ...options, incremental: false, noUnusedLocals: false };
  delete quiet.tsBuildInfoFile;
  const host = ts.createCompilerHost(quiet);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => code.has(path) || fileExists(path);
  host.getSourceFile = (path, version) => {
    const text = code.get(path);
    return text === undefined
      ? getSourceFile(path, version)
      : ts.createSourceFile(path, text, version, true);
  };
  const program = ts.createProgram([...code.keys()], quiet, host);
  return [...code.keys()].flatMap((path) => {
    const source = program.getSourceFile(path);
    return [
      ...program.getSyntacticDiagnostics(source),
      ...program.getSemanticDiagnostics(source),
    ].map(({ messageText }) => `${path}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
  });
}
