import { execFile } from "node:child_process";
import { chmod, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { JobrunnerError } from "../../../common/error.js";
import type { Step } from "./service-manager.js";

/** Waiting for an agent to be ready, or to hand its jobs over, is part of some commands. */
const LIMIT_MS = 300_000;

/**
 * Does the steps in turn, and says of each what was done, in a line. What was written is taken
 * back when the command fails that is to learn of it: else a second call would find the files as
 * they are to be, and not restart what runs.
 */
export async function perform(steps: readonly Step[], say: (line: string) => void): Promise<void> {
  let isChanged = false;
  let unlearned: Written[] = [];
  for (const step of steps) {
    if (step.what === "run" && step.onChange === true && !isChanged) continue;
    try {
      const { line, written } = await done(step);
      say(line);
      if (written !== undefined) unlearned.push(written);
      else if (step.what === "run") unlearned = [];
      isChanged ||= written !== undefined;
    } catch (error) {
      for (const written of unlearned.reverse()) say(await takeBack(written));
      throw error;
    }
  }
}

interface Done {
  readonly line: string;
  readonly written?: Written;
}

/** A file as it was before. */
interface Written {
  readonly file: string;
  readonly before?: { readonly text: string; readonly mode: number };
}

async function done(step: Step): Promise<Done> {
  if (step.what === "write") return write(step);
  if (step.what === "remove") return { line: await remove(step.file) };
  const { command, mayFail } = step;
  const trouble = await run(command);
  if (trouble === undefined) return { line: `ran ${command.join(" ")}` };
  if (mayFail !== undefined) return { line: `ran ${command.join(" ")}, in vain: ${mayFail}` };
  throw new JobrunnerError("USAGE", `${command.join(" ")} failed: ${trouble}`, {
    hint: "Put right what it says and call this again: it goes on where this one ended.",
  });
}

async function takeBack({ file, before }: Written): Promise<string> {
  try {
    if (before === undefined) await rm(file);
    else {
      await writeFile(file, before.text);
      await chmod(file, before.mode);
    }
    return `took ${file} back`;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `${file} could not be taken back, remove it by hand: ${why}`;
  }
}

/** What would be done, in as many lines as it takes. */
export function describe(step: Step): string {
  if (step.what === "run") return `would run ${step.command.join(" ")}`;
  if (step.what === "remove") return `would remove ${step.file}`;
  const text = step.text.trimEnd().replaceAll(/^/gm, "  ");
  return `would write ${step.file}:\n${text}`;
}

async function write({ file, text, mode }: Step & { readonly what: "write" }): Promise<Done> {
  try {
    const old = await textOf(file);
    const before = old === undefined ? undefined : { text: old, mode: await modeOf(file) };
    if (before?.text === text && before.mode === mode) {
      return { line: `${file} is there already` };
    }
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, mode);
    const written = { file, ...(before !== undefined && { before }) };
    return { line: `wrote ${file}`, written };
  } catch (error) {
    throw refused(file, "written", error);
  }
}

async function remove(file: string): Promise<string> {
  if ((await textOf(file)) === undefined) return `${file} is not there`;
  try {
    await rm(file);
    return `removed ${file}`;
  } catch (error) {
    throw refused(file, "removed", error);
  }
}

async function modeOf(file: string): Promise<number> {
  return (await stat(file)).mode & 0o777;
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw refused(file, "read", error);
  }
}

function refused(file: string, done: string, cause: unknown): JobrunnerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new JobrunnerError("USAGE", `${file} cannot be ${done}: ${why}`, {
    hint: "Call it as the user whose service it is to be, or as root.",
    cause,
  });
}

function run([program, ...args]: readonly [string, ...string[]]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: LIMIT_MS }, (error, _out, complaint) => {
      if (error === null) return resolve(undefined);
      resolve(complaint.trim() === "" ? error.message.trim() : complaint.trim());
    });
  });
}
