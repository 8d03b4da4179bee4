/** A first flow, to be changed: it can be posted and tested as it is. */
export function flowTemplate(name: string): string {
  return `import { rm, writeFile } from "node:fs/promises";
import { defineFlow, times, z } from "jobrunner";

export default defineFlow({
  name: ${JSON.stringify(name)},
  version: 1, // Raise it when the tasks change while jobs may be under way.
  summary: "Writes a greeting to a file",

  // One schema gives the flags, the help, the check of HTTP requests and the types.
  params: z.object({
    who: z.string().min(1).default("world").describe("whom to greet"),
    file: z.string().default(${JSON.stringify(`/tmp/${name}.txt`)}).describe("file to write"),
  }),

  // Describes the flow and runs nothing: \`p.who\` stands for a value that comes when the job runs.
  build(f, p) {
    const greeting = f.task("greet", {
      in: { who: p.who },
      execute: ({ who }) => \`Hello, \${who}!\`,
    });
    f.linear(
      "deliver",
      (s) =>
        s.task("write", {
          // Handing a result on is the edge.
          in: { text: greeting, file: p.file },
          execute: async ({ text, file }, ctx) => {
            await writeFile(file, \`\${text}\\n\`);
            ctx.log(\`wrote \${file}\`);
          },
          // When the job fails for good, and wherever this task had got to.
          revert: async ({ file }) => {
            await rm(file, { force: true });
          },
        }),
      { retry: times(3, { backoff: "1s" }) },
    );
  },
});
`;
}

/** Its test, for \`jobrunner flow test\`. */
export function testTemplate(name: string): string {
  return `import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { everyCrashPoint, testFlow } from "jobrunner/testing";
import flow from "./${name}.js";

const file = join(mkdtempSync(join(tmpdir(), "flow-")), "greeting.txt");
const params = { who: "you", file };

test("writes the greeting", async () => {
  const { state } = await testFlow(flow, params);

  assert.equal(state, "SUCCESS");
  assert.equal(readFileSync(file, "utf8"), "Hello, you!\\n");
});

test("leaves no file behind when it cannot be written", async () => {
  const { state, errors } = await testFlow(flow, params, {
    fail: { "deliver/write": "the disk is full" },
  });

  assert.equal(state, "REVERTED");
  assert.deepEqual(errors, { "deliver/write": "the disk is full" });
  assert.equal(existsSync(file), false);
});

test("ends well wherever its owner dies", async () => {
  await everyCrashPoint(flow, params, {}, ({ state }) => {
    assert.equal(state, "SUCCESS");
  });
});
`;
}
