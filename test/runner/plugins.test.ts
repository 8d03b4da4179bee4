import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPlugins } from "../../agent/runner/host/plugin-files.js";
import { loadPlugins } from "../../agent/runner/host/loader.js";
import { tempDir } from "../support/temp.js";

/** A directory with these files; folders come into being as needed. */
function directory(files: Readonly<Record<string, string>>): string {
  const root = tempDir();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const flow = (name: string) => `import { defineFlow } from "jobrunner";
const build = (f) => void f.task("a", { execute: () => 1 });
export default defineFlow({ name: "${name}", build });
`;

async function load(...flows: readonly string[]) {
  const loading: string[] = [];
  const settings = { flows, skip: [], builtin: ["is_arm64"], cache: undefined, agent: "alpha" };
  const { manifest } = await loadPlugins(settings, (file) => loading.push(file));
  const own = ["hello", "simple_http_webserver"];
  const others = manifest.flows.filter(({ name }) => !own.includes(name));
  return { manifest, loading, names: others.map(({ name }) => name) };
}

describe("the plugins of a directory", () => {
  it("are its code, and the index files of its folders", () => {
    const root = directory({
      ...{ "b.ts": "", "a.mjs": "", "c.js": "", "d.mts": "", "folder/index.ts": "" },
      ...{ "a.test.ts": "", "a.spec.js": "", "types.d.ts": "", "types.d.mts": "", "read.md": "" },
      ...{ "folder/other.ts": "", "deep/er/index.ts": "", ".hidden.ts": "", "x.cjs": "" },
      "node_modules/index.js": "",
    });

    const { files, problems } = findPlugins(root);

    const names = files.map((file) => file.slice(root.length + 1));
    expect(names).toEqual(["a.mjs", "b.ts", "c.js", "d.mts", "folder/index.ts"]);
    expect(problems).toEqual([]);
  });

  it("are the one file that is named, unless anybody may write to it", () => {
    const root = directory({ "a.ts": "", "open.ts": "" });
    const [mine, open] = [join(root, "a.ts"), join(root, "open.ts")];
    chmodSync(open, 0o666);

    expect(findPlugins(mine)).toEqual({ files: [mine], problems: [] });
    expect(findPlugins(open)).toEqual({
      files: [],
      problems: [{ file: open, message: expect.stringContaining("chmod o-w") }],
    });
  });

  it("are none when it is not there, which is said", () => {
    const missing = join(tempDir(), "missing");

    expect(findPlugins(missing).problems).toEqual([
      { file: missing, message: expect.stringContaining("cannot be read: ENOENT") },
    ]);
  });

  it("leave out what anybody may have written", () => {
    const root = directory({ "open.ts": "", "mine.ts": "", "open-folder/index.ts": "" });
    chmodSync(join(root, "open.ts"), 0o666);
    chmodSync(join(root, "open-folder"), 0o777);

    const { files, problems } = findPlugins(root);

    expect(files).toEqual([join(root, "mine.ts")]);
    expect(problems).toMatchObject([
      { file: join(root, "open-folder/index.ts"), message: expect.stringContaining("anybody") },
      { file: join(root, "open.ts"), message: expect.stringContaining("chmod o-w") },
    ]);
  });

  it("are none when anybody may add some", () => {
    const root = directory({ "mine.ts": "" });
    chmodSync(root, 0o1777);

    expect(findPlugins(root)).toMatchObject({ files: [], problems: [{ file: root }] });
  });

  it("leave out links that lead out of it, or nowhere, and follow those within", () => {
    const outside = directory({ "elsewhere.ts": "" });
    const root = directory({ "real.ts": "" });
    symlinkSync(join(outside, "elsewhere.ts"), join(root, "out.ts"));
    symlinkSync(join(root, "gone.ts"), join(root, "nowhere.ts"));
    symlinkSync(join(root, "real.ts"), join(root, "within.ts"));

    const { files, problems } = findPlugins(root);

    expect(files.map((file) => file.slice(root.length + 1))).toEqual(["real.ts", "within.ts"]);
    expect(problems.map(({ message }) => message)).toEqual([
      expect.stringContaining("leads nowhere"),
      expect.stringContaining("out of its directory"),
    ]);
  });
});

describe("loading plugins", () => {
  it("takes TypeScript and JavaScript, and what they import", async () => {
    const root = directory({
      "a.ts": flow("one"),
      "b.mjs": flow("two"),
      "folder/index.ts": `import { name } from "./name.js";\n${flow("x").replace('"x"', "name")}`,
      "folder/name.ts": `export const name: string = "three";`,
    });

    const { names, manifest, loading } = await load(root);

    expect(names).toEqual(["one", "two", "three"]);
    expect(manifest.problems).toEqual([]);
    expect(loading.filter((file) => file.startsWith(root))).toHaveLength(3);
  });

  it("comes first with the built-in flows, and only once", async () => {
    const { manifest } = await load(join(import.meta.dirname, "..", "..", "flows"));

    expect(manifest.flows.map(({ name }) => name)).toEqual(["hello", "simple_http_webserver"]);
    expect(manifest.problems).toEqual([]);
  });

  it.each([
    ["does not parse", "const a = 1;\nconst b = (;\n", 2, "Unexpected token"],
    ["throws", "\n\nthrow new RangeError('at once');\n", 3, "RangeError: at once"],
    ["imports what is not there", `\nimport "./nowhere.js";\n`, 2, "nowhere.js"],
    ["has no flow", "export const a = 1;", undefined, "has no `export default defineFlow"],
    ["defines a flow wrongly", wrong("name: 'a b'"), 2, "a flow is named by"],
    ["cannot be built", wrong("name: 'x', build: (f) => f.link('a', 'b')"), undefined, "link"],
  ])("says of a file that %s where and why, and loads the others", async (_, text, line, why) => {
    const root = directory({ "bad.ts": text, "good.ts": flow("good") });

    const { names, manifest } = await load(root);

    expect(names).toEqual(["good"]);
    const [problem, ...others] = manifest.problems;
    expect(others).toEqual([]);
    expect(problem?.file).toBe(join(root, "bad.ts"));
    expect(problem?.message).toContain(why);
    if (line !== undefined) expect(problem?.line).toBe(line);
  });

  it("names both files of two flows with one name, and keeps the first", async () => {
    const root = directory({ "a.ts": flow("same"), "b.ts": flow("same"), "c.ts": flow("hello") });

    const { names, manifest } = await load(root);

    expect(names).toEqual(["same"]);
    expect(manifest.problems).toMatchObject([
      { file: join(root, "b.ts"), message: expect.stringContaining(join(root, "a.ts")) },
      { file: join(root, "c.ts"), message: expect.stringMatching(/flows\/hello\.ts/) },
    ]);
  });

  it("take capabilities beside flows, and refuse a name that is taken", async () => {
    const capability = (name: string) => `import { defineCapability, z } from "jobrunner";
export default defineCapability({
  name: "${name}", needs: ["load"], args: z.tuple([z.int().describe("most")]), cacheFor: "1m",
  check: ([most], { load }) => load < most,
});`;
    const root = directory({
      ...{ "a.ts": capability("idle"), "b.ts": capability("idle"), "c.ts": capability("is_arm64") },
      ...{ "d.ts": capability("Is Idle"), "good.ts": flow("good") },
    });

    const { names, manifest } = await load(root);

    expect(names).toEqual(["good"]);
    expect(manifest.capabilities).toEqual([
      {
        ...{ name: "idle", summary: "", usage: "most", needs: ["load"], cost: "cheap" },
        ...{ cacheMs: 60_000, limitMs: 250, exclusive: false, file: join(root, "a.ts") },
      },
    ]);
    expect(manifest.problems).toMatchObject([
      { file: join(root, "b.ts"), message: expect.stringContaining(join(root, "a.ts")) },
      { file: join(root, "c.ts"), message: expect.stringContaining("jobrunner itself") },
      { file: join(root, "d.ts"), message: expect.stringContaining('named "Is Idle"') },
    ]);
  });

  it("does not mind a flow whose parameters have no defaults", async () => {
    const text = `import { defineFlow, z } from "jobrunner";
export default defineFlow({ name: "strict", params: z.object({ n: z.int() }), build: () => {} });`;

    const { names, manifest } = await load(directory({ "strict.ts": text }));

    expect([names, manifest.problems]).toEqual([["strict"], []]);
  });

  function wrong(options: string): string {
    return `import { defineFlow } from "jobrunner";\nexport default defineFlow({ ${options} });\n`;
  }
});
