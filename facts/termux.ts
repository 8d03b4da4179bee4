import { execFile } from "node:child_process";
import { known, type Reading, type Readings, reasonOf, unknown } from "./source.js";

/** Of Termux's package `termux-api`: what Android tells apps and hides from other programs. */
const PROGRAM = "termux-battery-status";
/** Without the app Termux:API it waits for ever, ms. */
const LIMIT_MS = 4_000;
const ANSWER_BYTES_MAX = 64 * 1024;

interface Answer {
  readonly percentage?: unknown;
  readonly plugged?: unknown;
  readonly status?: unknown;
}

/** Battery and mains of a phone as Android tells them; `path` is where programs are. */
export async function askTermux(path: string, signal: AbortSignal): Promise<Readings> {
  try {
    const answer: unknown = JSON.parse(await run(path, signal));
    if (typeof answer !== "object" || answer === null) throw new Error("it told nothing");
    const { percentage } = answer as Answer;
    const told = typeof percentage === "number" && percentage >= 0 && percentage <= 100;
    return {
      battery: told ? known(percentage) : unknown(`${PROGRAM} does not tell`),
      on_mains: onMains(answer),
    };
  } catch (error) {
    const why = unknown(`${PROGRAM}: ${reasonOf(error)}`);
    return { battery: why, on_mains: why };
  }
}

/** A battery that is full, or too warm, does not charge although it is plugged in. */
function onMains({ plugged, status }: Answer): Reading<boolean> {
  if (plugged === "UNPLUGGED") return known(false);
  if (typeof plugged === "string" && plugged.startsWith("PLUGGED")) return known(true);
  if (status === "CHARGING" || status === "FULL") return known(true);
  return status === "DISCHARGING" ? known(false) : unknown(`${PROGRAM} does not tell`);
}

function run(path: string, signal: AbortSignal): Promise<string> {
  const limits = { timeout: LIMIT_MS, killSignal: "SIGKILL", maxBuffer: ANSWER_BYTES_MAX } as const;
  const env = { ...process.env, PATH: path };
  return new Promise((resolve, reject) => {
    execFile(PROGRAM, { ...limits, env, signal }, (error, stdout) => {
      if (error === null) return resolve(stdout);
      if (error.code === "ENOENT") return reject(new Error("it is not installed (termux-api)"));
      if (error.killed !== true) return reject(error);
      reject(new Error(`no answer within ${LIMIT_MS} ms; is the app Termux:API installed?`));
    });
  });
}
