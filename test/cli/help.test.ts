import { join } from "node:path";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../cli/exit.js";
import { createProgram } from "../../cli/program/program.js";
import { TOPICS } from "../../cli/program/topics.js";

const GOLDEN = join(import.meta.dirname, "golden");

/** With the help that people read on a terminal of 80 columns. */
const PROGRAM = createProgram(() => undefined);
const COMMANDS = [PROGRAM, ...below(PROGRAM)];

function below({ commands }: Command): readonly Command[] {
  const shown = commands.filter((each) => !each.name().startsWith("__"));
  return shown.flatMap((each) => [each, ...below(each)]);
}

function helpOf(command: Command): string {
  command.configureOutput({ getOutHelpWidth: () => 80 });
  return command.helpInformation();
}

function nameOf(command: Command): string {
  return command.parent === null ? "jobrunner" : `${nameOf(command.parent)} ${command.name()}`;
}

describe("help", () => {
  it("of the program reads as its file says", async () => {
    await expect(helpOf(PROGRAM)).toMatchFileSnapshot(join(GOLDEN, "help.80.out"));
  });

  it.each(COMMANDS.map((command) => [nameOf(command), command] as const))(
    "of %s describes it, each flag and each argument, in 80 columns",
    (_name, command) => {
      const help = helpOf(command);

      expect(command.description()).not.toBe("");
      expect(command.options.filter(({ description }) => description === "")).toEqual([]);
      expect(help).not.toMatch(/choices:|preset:|undefined/);
      expect(help.split("\n").filter((line) => line.length > 80)).toEqual([]);
    },
  );

  it("offers an agent's address only to commands that ask one", () => {
    const local = ["init", "doctor", "config show", "flow new", "flow check", "token list"];

    const asking = COMMANDS.filter(({ options }) => options.some(({ long }) => long === "--via"));

    const names = asking.map(nameOf);
    expect(names.filter((name) => local.includes(name.replace("jobrunner ", "")))).toEqual([]);
    expect(names).toContain("jobrunner schedule list");
  });

  it("tells of every exit code, and of every state", () => {
    for (const code of Object.values(EXIT)) {
      expect(TOPICS["exit-codes"]).toMatch(new RegExp(`^  ${code} `, "m"));
    }
    expect(TOPICS["states"]).toMatch(/^ {2}SUSPENDED +held by somebody/m);
  });
});
