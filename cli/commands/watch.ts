import { setTimeout as sleep } from "node:timers/promises";
import { EXIT } from "../exit.js";
import { createLive } from "../screen/live.js";
import { interruption, type Terminal } from "../terminal.js";

/** Looks again and again until Ctrl-C: redrawn for a person, appended when it changed otherwise. */
export async function watch(
  terminal: Terminal,
  look: () => Promise<string>,
  everyMs: number,
): Promise<number> {
  using interrupted = interruption();
  const { signal } = interrupted;
  const live = terminal.out.tty ? createLive(process.stdout) : undefined;
  let last = "";
  while (!signal.aborted) {
    const text = await look();
    if (live !== undefined) live.draw(text === "" ? "nothing to show" : text);
    else if (text !== last) terminal.print(text);
    last = text;
    await sleep(everyMs, undefined, { signal }).catch(() => undefined); // Ctrl-C ends the loop.
  }
  live?.clear();
  if (live !== undefined) terminal.print(last);
  return EXIT.ok;
}
