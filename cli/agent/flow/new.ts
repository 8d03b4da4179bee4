import { join, relative, resolve } from "node:path";
import { JobrunnerError } from "../../../common/error.js";
import { EXIT } from "../../exit.js";
import type { CommonOptions } from "../../options.js";
import { printData } from "../../print.js";
import { createTerminal } from "../../terminal.js";
import { flowsDirectory } from "./directory.js";
import { place, type Placed, placedText } from "./place.js";
import { flowTemplate, testTemplate } from "./template.js";

export interface NewOptions extends CommonOptions {
  readonly dir?: string;
}

/** What can be posted over HTTP, and is a file's name everywhere. */
const NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

/** `jobrunner flow new NAME`: a flow that works, and its test. */
export async function newFlow(name: string, options: NewOptions): Promise<number> {
  if (!NAME.test(name)) {
    throw new JobrunnerError("USAGE", `"${name}" is no name for a flow`, {
      hint: "Begin with a letter; letters, digits, _ and -, up to 64.",
    });
  }
  const terminal = createTerminal(options);
  const directory = options.dir === undefined ? flowsDirectory() : resolve(options.dir);
  const files = [
    { file: join(directory, `${name}.ts`), text: flowTemplate(name) },
    { file: join(directory, `${name}.test.ts`), text: testTemplate(name) },
  ];
  const placed: Placed[] = [];
  for (const { file, text } of files) placed.push(await place(file, text, false));
  const taken = placed.filter(({ done }) => done === "differs").map(({ file }) => file);
  if (taken.length === files.length) {
    throw new JobrunnerError("CONFLICT", `there is a flow in ${taken[0] ?? ""} already`, {
      hint: "Choose another name, or another directory with --dir.",
    });
  }
  const names = placed.map(({ file }) => file);
  const view = placed.map(({ file, done }) => ({ file, done }));
  const table = (): string => placed.map(placedText).join("\n");
  await printData(terminal, options.output, { view, items: view, names, table });
  const shown = relative(process.cwd(), directory);
  const where = shown.startsWith("..") ? directory : shown || ".";
  terminal.say(`test it: jobrunner flow test ${join(where, `${name}.test.ts`)}`);
  const named = directory === resolve("flows") ? "" : ` --flows ${where}`;
  terminal.say(`run it:  jobrunner dev${named}, then jobrunner post ${name} --wait`);
  return EXIT.ok;
}
