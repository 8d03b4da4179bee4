import { execFile } from "node:child_process";
import { createRequire } from "node:module";

/** The questions that `systeminformation` answers for systems without /proc and /sys. */
export type Question = "battery" | "graphics" | "networkConnections";

/** Written by hand and run with -e, since this may be built or not. */
const SCRIPT = `
const library = require(process.argv[1]);
library[process.argv[2]]().then((answer) => process.stdout.write(JSON.stringify(answer)));
`;

const ANSWER_BYTES_MAX = 16 * 1024 * 1024;

/**
 * Asks the library in a process of its own, which is gone afterwards. Here it would block the event
 * loop for 160 ms by being loaded, for 50 more by some answers, and keep 10 MB. Rejects when it
 * fails or the signal aborts.
 */
export function askLibrary(question: Question, signal: AbortSignal): Promise<unknown> {
  const library = createRequire(import.meta.url).resolve("systeminformation");
  const options = { signal, maxBuffer: ANSWER_BYTES_MAX, windowsHide: true };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, ["-e", SCRIPT, library, question], options, (error, stdout) => {
      if (error !== null) return reject(error);
      try {
        resolve(JSON.parse(stdout));
      } catch (cause) {
        reject(new Error(`systeminformation did not answer ${question}`, { cause }));
      }
    });
  });
}
