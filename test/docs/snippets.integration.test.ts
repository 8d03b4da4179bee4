import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { createJiti } from "jiti";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { capabilityOf } from "../../sdk/capabilities/define-capability.js";
import { type FlowDefinition, isFlowDefinition } from "../../sdk/define-flow.js";
import { flowTemplate, testTemplate } from "../../cli/agent/flow/template.js";
import { runFlow } from "../sdk/run-flow.js";
import { tempDir } from "../support/temp.js";

/* The flows that the pages show are compiled and loaded, so that none of them rots. */

const ROOT = join(import.meta.dirname, "..", "..");
const SDK = join(ROOT, "sdk", "index.ts");
const TESTING = join(ROOT, "sdk", "testing", "index.ts");
const PAGES = [
  "README.md",
  "docs/writing-flows.md",
  "docs/testing-flows.md",
  "docs/coming-from-taskflow.md",
  "docs/capabilities.md",
];
/** Flows of this page need no machine, so that they are run as well. */
const RUN = "docs/coming-from-taskflow.md";

interface Snippet {
  readonly title: string;
  readonly code: string;
  /** Below the project, so that packages are found; never written. */
  readonly file: string;
  /** A flow's name; a test of flows has none. */
  readonly flow?: string;
}

const snippets = PAGES.flatMap((page): Snippet[] => {
  const text = readFileSync(join(ROOT, page), "utf8");
  return [...text.matchAll(/^```ts\n(import [\s\S]*?)^```$/gm)].map(([, code = ""], n) => {
    const flow = /^ {2}name: "(\w+)"/m.exec(code)?.[1];
    const folder = join(ROOT, "snippets", page.replaceAll("/", "-"));
    const title = `${page} ${String(n + 1)}`;
    return { title, code, file: join(folder, `${flow ?? "a.test"}.ts`), ...(flow && { flow }) };
  });
});
/** What `jobrunner flow new` writes. */
const TEMPLATES = join(ROOT, "snippets", "templates");
const templates: readonly Snippet[] = [
  { title: "flow", code: flowTemplate("first"), file: join(TEMPLATES, "first.ts") },
  { title: "test", code: testTemplate("first"), file: join(TEMPLATES, "first.test.ts") },
];
const flows = snippets.filter(({ flow }) => flow !== undefined);
const tests = snippets.filter(({ flow }) => flow === undefined);

describe("the flows in the pages", () => {
  it("are there", () => {
    expect(snippets.length).toBeGreaterThanOrEqual(14);
  });

  it("compile", { timeout: 60_000 }, () => {
    expect(compile([...snippets, ...templates])).toEqual([]);
  });

  it.each(flows)("load: $title", async (snippet) => {
    const { load } = written([snippet]);

    const plugin = await load(snippet);

    expect(isFlowDefinition(plugin) || capabilityOf(plugin) !== undefined).toBe(true);
  });

  it.each(flows.filter(({ title }) => title.startsWith(RUN)))("run: $title", async (snippet) => {
    const ended = /^\/\/ ends (\w+)$/m.exec(snippet.code)?.[1] ?? "SUCCESS";
    const { load } = written([snippet]);

    const { end } = await runFlow((await load(snippet)) as FlowDefinition);

    expect(end).toEqual({ ended });
  });
});

describe("the test in the pages", () => {
  it("is there, once", () => {
    expect(tests.map(({ title }) => title)).toEqual(["docs/testing-flows.md 2"]);
  });

  it("passes, each part of it", { timeout: 30_000 }, async () => {
    const parts: (() => Promise<void>)[] = [];
    const test = (_name: string, part: () => Promise<void>): void => void parts.push(part);
    const { load } = written(
      snippets.filter(({ title }) => title.startsWith("docs/testing-flows.md")),
      { expect, test },
    );

    for (const snippet of tests) await load(snippet);

    expect(parts).toHaveLength(4);
    for (const part of parts) await part();
  });
});

/** The snippets as files of a folder, and a way to load one as an agent or a test runner does. */
function written(files: readonly Snippet[], vitest: object = {}) {
  const dir = join(tempDir(), "flows");
  mkdirSync(dir);
  const placeOf = ({ file }: Snippet): string => join(dir, basename(file));
  for (const snippet of files) writeFileSync(placeOf(snippet), snippet.code);
  const jiti = createJiti(dir, {
    alias: { "jobrunner/testing": TESTING, jobrunner: SDK },
    virtualModules: { vitest: vitest as Record<string, unknown> },
    fsCache: false,
  });
  return { load: (one: Snippet) => jiti.import<unknown>(placeOf(one), { default: true }) };
}

function compile(files: readonly Snippet[]): readonly string[] {
  const config = ts.readConfigFile(join(ROOT, "tsconfig.json"), ts.sys.readFile.bind(ts.sys));
  const { options } = ts.parseJsonConfigFileContent(config.config, ts.sys, ROOT);
  const code = new Map(files.map((snippet) => [snippet.file, snippet.code]));
  const quiet = { ...options, incremental: false, noUnusedLocals: false };
  delete quiet.tsBuildInfoFile;
  const host = ts.createCompilerHost(quiet);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => code.has(path) || fileExists(path);
  host.directoryExists = () => true; // So that a test finds the flow beside it.
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
