import { access, constants, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { known, type KeyedSource, type Place, unknown } from "../source.js";

/** Endings that Windows adds by itself. */
const ENDINGS = [".exe", ".cmd", ".bat", ".com"];

/** Which file a command's name leads to, as a shell would find it. */
export function programSource({ path, platform }: Place): KeyedSource<"programs"> {
  const endings = platform === "win32" ? ["", ...ENDINGS] : [""];
  const directories = path.split(delimiter).filter((each) => each !== "");
  return {
    name: "programs",
    everyMs: 60_000,
    async read(name) {
      if (/[/\\]/.test(name)) return unknown("a program is named without a directory");
      for (const directory of directories) {
        for (const ending of endings) {
          const file = join(directory, name + ending);
          if (await isProgram(file)) return known(file);
        }
      }
      return known(null);
    },
  };
}

async function isProgram(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false; // Not there, or not for this user: a shell would look further, too.
  }
}
