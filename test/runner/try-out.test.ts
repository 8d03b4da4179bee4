import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadPlugins } from "../../agent/runner/host/loader.js";
import { tempDir } from "../support/temp.js";

/* A flow that can never run is told when it is loaded, with its file and the atoms it is about. */

describe("a flow that cannot run with its defaults", () => {
  it.each([
    ["an argument that nobody provides", `linear("x", [task("lonely", { requires: ["gone"] })])`],
    ["two atoms of one name", `linear("x", [task("lonely", {}), task("lonely", {})])`],
    [
      "links that form a circle",
      `graph("x", [task("lonely", {}), task("b", {})], {
        links: [link("lonely", "b"), link("b", "lonely")],
      })`,
    ],
  ])("is left out for %s", async (_, flow) => {
    const flows = tempDir();
    const file = join(flows, "x.ts");
    const code = flow.replaceAll(/task\("(\w+)", \{/g, `task("$1", { execute: () => 1,`);
    const words = "defineFlow, graph, linear, link, task";
    const definition = `export default defineFlow({ name: "x", flow: ${code} });`;
    writeFileSync(file, `import { ${words} } from "jobrunner";\n${definition}\n`);

    const settings = {
      flows: [flows],
      skip: [],
      builtin: ["is_arm64"],
      cache: undefined,
      agent: "alpha",
    };
    const { manifest } = await loadPlugins(settings, () => undefined);

    expect(manifest.flows.map(({ name }) => name)).not.toContain("x");
    expect(manifest.problems).toMatchObject([{ file, message: expect.stringContaining("lonely") }]);
  });
});
