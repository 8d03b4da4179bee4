import { createInterface } from "node:readline/promises";

/** Asks the person; false for anything but yes, and where there is nobody to ask. */
export async function confirm(question: string): Promise<boolean> {
  const { stdin, stderr } = process;
  // Undefined when it is a pipe or a file.
  if (stdin.isTTY !== true || stderr.isTTY !== true) return false;
  const lines = createInterface({ input: stdin, output: stderr });
  try {
    return /^y(es)?$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } catch {
    return false; // Ctrl-C or Ctrl-D is a no.
  } finally {
    lines.close();
  }
}
