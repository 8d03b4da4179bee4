import { type IncomingMessage, request } from "node:http";

/*
 * A process of many readers of one agent's events, started by crowd.ts: so many that the process
 * that measures must not be theirs. Each looks whether the numbers of its events are without gaps.
 */

/** What one reader has seen. */
export interface Seen {
  /** Number of the event after which it began, and of the last one. */
  first: number;
  last: number;
  /** Events whose number was not the next one. */
  gaps: number;
  posted: number;
  finished: number;
  resets: number;
  /** Its stream ended. */
  broken: boolean;
}

export type ToCrowd =
  { readonly follow: string; readonly readers: number } | { readonly report: true };
export type FromCrowd = { readonly begun: number } | { readonly seen: readonly Seen[] };

/** Connections that are made at a time. */
const AT_ONCE = 50;

const readers: Seen[] = [];

process.on("message", (message: ToCrowd) => {
  if ("report" in message) tell({ seen: readers });
  else void begin(message.follow, message.readers);
});
process.on("disconnect", () => process.exit(0));

function tell(message: FromCrowd): void {
  process.send?.(message);
}

async function begin(url: string, wanted: number): Promise<void> {
  while (readers.length < wanted) {
    const batch = Array.from({ length: Math.min(AT_ONCE, wanted - readers.length) }, () =>
      read(url),
    );
    readers.push(...(await Promise.all(batch)));
  }
  tell({ begun: readers.length });
}

/** Resolves when it was told where it begins. */
function read(url: string): Promise<Seen> {
  const seen = { first: -1, last: -1, gaps: 0, posted: 0, finished: 0, resets: 0, broken: false };
  return new Promise((resolve, reject) => {
    const headers = { accept: "text/event-stream" };
    const outgoing = request(url, { headers, agent: false }, (incoming: IncomingMessage) => {
      let rest = "";
      incoming.setEncoding("latin1");
      incoming.on("data", (text: string) => {
        const whole = rest + text;
        const end = whole.lastIndexOf("\n\n") + 1;
        rest = whole.slice(end);
        count(seen, whole.slice(0, end));
        if (seen.first >= 0) resolve(seen);
      });
      incoming.on("close", () => (seen.broken = true));
      incoming.on("error", () => (seen.broken = true));
    });
    outgoing.on("error", reject);
    outgoing.end();
  });
}

/** Only the lines that matter, found by their beginnings: it is done a million times. */
function count(seen: Seen, text: string): void {
  for (let at = text.indexOf("id: "); at >= 0; at = text.indexOf("\nid: ", at + 4)) {
    const end = text.indexOf("\n", at + 1);
    const n = Number.parseInt(text.slice(text.lastIndexOf(".", end) + 1, end), 36);
    const type = text.slice(end + 8, text.indexOf("\n", end + 1));
    if (seen.first < 0) seen.first = n;
    else if (type !== "cursor" && n !== seen.last + 1) seen.gaps += 1;
    seen.last = n;
    if (type === "job.posted") seen.posted += 1;
    else if (type === "job.finished") seen.finished += 1;
    else if (type === "reset") seen.resets += 1;
  }
}
