import type { IncomingMessage } from "node:http";
import { JobrunnerError } from "../../common/error.js";
import { EventParser, type StreamEvent } from "../../common/text/event-parser.js";

export type { StreamEvent };

/** Agents send a sign of life every 15 s; one that is silent for so long is gone, ms. */
const SILENT_MS = 45_000;

export interface EventsOptions {
  /** Where the stream goes on after. */
  readonly lastEventId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The events of one answer; they end when the agent ends it. Throws UNREACHABLE when the agent
 * breaks off or falls silent, the signal's reason when that aborts.
 */
export async function* readEvents(
  incoming: IncomingMessage,
  { lastEventId, signal }: EventsOptions = {},
): AsyncGenerator<StreamEvent, void, undefined> {
  const parser = new EventParser(lastEventId);
  const silent = setTimeout(
    () => incoming.destroy(new Error(`nothing came for ${SILENT_MS / 1000} s`)),
    SILENT_MS,
  );
  incoming.setEncoding("utf8");
  try {
    // Leaving the loop in any way closes the connection.
    for await (const text of incoming as AsyncIterable<string>) {
      silent.refresh();
      yield* parser.push(text);
    }
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new JobrunnerError("UNREACHABLE", why, { cause: error, retryable: true });
  } finally {
    clearTimeout(silent);
  }
}
