import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeConfig } from "../../config/describe.js";
import { tempDir } from "../support/temp.js";
import { load, mistakesIn } from "./given.js";

const SECRET = "correct-horse-battery";

function hooks(text: string) {
  return load({ text: `hooks:\n  - ${text}\n` }).config.hooks;
}

describe("hooks", () => {
  it("are none, unless somebody writes some", () => {
    expect(load().config.hooks).toEqual([]);
  });

  it("call a URL, signed with a secret that is kept elsewhere", () => {
    const file = join(tempDir(), "secret");
    writeFileSync(file, `${SECRET}\n`, { mode: 0o600 });
    const text = `{ on: [FAILURE], url: https://example.org/T0/x?key=1, secret: { file: ${file} } }`;
    const loaded = load({ text: `hooks:\n  - ${text}\n` });

    expect(loaded.config.hooks).toEqual([
      {
        ...{ on: ["FAILURE"], timeLimitMs: 10_000, shown: "https://example.org" },
        act: { url: "https://example.org/T0/x?key=1", secret: SECRET },
      },
    ]);
    const shown = JSON.stringify(describeConfig(loaded));
    expect(shown).toContain("FAILURE: https://example.org");
    expect(shown).not.toMatch(/T0|key=1|correct-horse/);
  });

  it("run a command, for some flows only, with a time of its own", () => {
    const text =
      "{ on: [SUCCESS, SUSPENDED], flows: [backup], command: [notify, -x], timeLimit: 1m }";

    expect(hooks(text)).toEqual([
      {
        ...{ on: ["SUCCESS", "SUSPENDED"], flows: ["backup"], timeLimitMs: 60_000 },
        ...{ act: { command: ["notify", "-x"] }, shown: "notify" },
      },
    ]);
  });

  it.each([
    ["{ on: [FAILED], url: https://x.org }", "must be one of SUCCESS, FAILURE"],
    ["{ on: [], url: https://x.org }", "is empty"],
    ["{ on: [FAILURE] }", "needs a url or a command, and not both"],
    ["{ on: [FAILURE], url: https://x.org, command: [x] }", "and not both"],
    ["{ on: [FAILURE], command: [x], secret: correct-horse-battery }", "a command is not signed"],
    ["{ on: [FAILURE], url: https://x.org, secret: short }", "is too easy to guess"],
    ["{ on: [FAILED], url: https://x.org, secret: correct-horse-battery }", "must be one of"],
    ["{ on: [FAILURE], command: notify }", "is not a list"],
    ["{ on: [FAILURE], comand: [notify] }", "did you mean command?"],
    ["{ on: [FAILURE], url: ftp://x.org }", "does not begin with http:// or https://"],
    ["{ on: [FAILURE], url: https://x.org, timeLimit: 1h }", "is not within"],
  ])("are refused when they make no sense: %s", (text, why) => {
    const said = mistakesIn(`hooks:\n  - ${text}\n`);

    expect(said).toContain(why);
    expect(said).not.toContain("correct-horse");
  });

  it("may call one URL for several reasons, with one secret", () => {
    const each = (on: string, secret = SECRET) =>
      `  - { on: [${on}], url: https://example.org/x, secret: ${secret} }\n`;

    expect(
      load({ text: `hooks:\n${each("FAILURE")}${each("SUCCESS")}` }).config.hooks,
    ).toHaveLength(2);
    const said = mistakesIn(`hooks:\n${each("FAILURE")}${each("SUCCESS", `${SECRET}-2`)}`);
    expect(said).toMatch(/config.yaml:3:\d+: hooks\.1\.url is that of hooks\.0 \(line 2\) as well/);
    expect(said.match(/as well/g)).toHaveLength(1);
    expect(said).not.toMatch(/correct-horse|example.org/);
  });

  it("may run one command for several reasons, within one time limit", () => {
    const each = (on: string, more = "") => `  - { on: [${on}], command: [notify]${more} }\n`;

    expect(
      load({ text: `hooks:\n${each("FAILURE")}${each("SUCCESS")}` }).config.hooks,
    ).toHaveLength(2);
    const said = mistakesIn(`hooks:\n${each("FAILURE")}${each("SUCCESS", ", timeLimit: 1m")}`);
    expect(said).toContain("hooks.1.command is that of hooks.0 (line 2) as well");
  });
});
