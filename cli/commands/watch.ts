import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../api/client.js";
import { News } from "../api/news.js";
import { EXIT } from "../exit.js";
import type { OutputFormat } from "../options.js";
import { type Data, dataText } from "../print.js";
import { createLive } from "../screen/live.js";
import { interruption, type Terminal } from "../terminal.js";

export interface Watching {
  readonly client: Client;
  readonly terminal: Terminal;
  readonly output: OutputFormat | undefined;
  /** Of the events after which to look again. */
  readonly path: string;
  look(): Promise<Data>;
}

/**
 * Looks when something happens, and again and again, until Ctrl-C: redrawn for a person, appended
 * when it changed otherwise.
 */
export async function watch(watching: Watching, everyMs: number): Promise<number> {
  const { client, terminal, output, path, look } = watching;
  using interrupted = interruption();
  const { signal } = interrupted;
  await using news = new News({ client, path, signal, wanted: ({ event }) => event !== "cursor" });
  const live = terminal.out.tty ? createLive(process.stdout) : undefined;
  let last = "";
  while (!signal.aborted) {
    const text = await dataText(terminal.out, output, await look());
    if (live !== undefined) live.draw(text === "" ? "nothing to show" : text);
    else if (text !== last) terminal.print(text);
    last = text;
    if (news.live) await news.next(everyMs, signal);
    else await sleep(everyMs, undefined, { signal }).catch(() => undefined); // Ctrl-C ends it.
  }
  live?.clear();
  if (live !== undefined) terminal.print(last);
  return EXIT.ok;
}
