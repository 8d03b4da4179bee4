import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { JobrunnerError } from "../../../common/error.js";

/** What has become of a file that was to be written; somebody's own text is never lost. */
export type Placed =
  | { readonly file: string; readonly done: "written" | "same" }
  /** `there`: the text that is kept; with `force` in a file of its own, `kept`. */
  | { readonly file: string; readonly done: "differs"; readonly there: string }
  | { readonly file: string; readonly done: "replaced"; readonly kept: string };

/** Writes a file unless there is one with another text. */
export async function place(file: string, text: string, force: boolean): Promise<Placed> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text, { flag: "wx" });
    return { file, done: "written" };
  } catch (error) {
    if (!(error instanceof Error && "code" in error) || error.code !== "EEXIST") {
      throw cannotWrite(file, error);
    }
  }
  const there = await readFile(file, "utf8");
  if (there === text) return { file, done: "same" };
  if (!force) return { file, done: "differs", there };
  const kept = freeName(`${file}.old`);
  await rename(file, kept);
  await writeFile(file, text);
  return { file, done: "replaced", kept };
}

function freeName(wanted: string): string {
  for (let n = 1; ; n += 1) {
    const name = n === 1 ? wanted : `${wanted}.${n}`;
    if (!existsSync(name)) return name;
  }
}

export function placedText(placed: Placed): string {
  switch (placed.done) {
    case "written":
      return `wrote ${placed.file}`;
    case "same":
      return `${placed.file} is there already`;
    case "differs":
      return `left ${placed.file} as it is: it differs`;
    case "replaced":
      return `wrote ${placed.file}; what was there is ${placed.kept}`;
  }
}

function cannotWrite(file: string, cause: unknown): JobrunnerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new JobrunnerError("USAGE", `${file} cannot be written: ${why}`, {
    hint: "Make its directory, or do it as the user that the agent runs as.",
    cause,
  });
}
