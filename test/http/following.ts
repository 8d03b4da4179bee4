import { createClient } from "../../cli/api/client.js";
import type { StreamEvent } from "../../common/text/event-parser.js";
import type { EventView } from "../../common/wire/events.js";
import { until } from "../../scripts/lab/until.js";
import { type Api, ask } from "./api.js";
import type { JobView } from "../../common/wire.js";

export const SOON = { withinMs: 10_000 };

export interface Followed extends AsyncDisposable {
  readonly events: readonly StreamEvent[];
  readonly ended: Promise<void>;
  types(): readonly string[];
  views(): readonly EventView[];
}

/** Follows a path of that server as the command line does, without going on elsewhere. */
export async function follow(
  { url }: Pick<Api, "url">,
  path: string,
  since?: string,
): Promise<Followed> {
  const stop = new AbortController();
  const client = await createClient({ via: url, env: {}, say: () => undefined });
  const options = { lastEventId: since, signal: stop.signal };
  const stream = await client.events(path, options);
  const events: StreamEvent[] = [];
  const ended = (async () => {
    try {
      for await (const event of stream) events.push(event);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  })();
  return {
    events,
    ended,
    types: () => events.map(({ event }) => event),
    views: () => events.map(({ data }) => JSON.parse(data) as EventView),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

export function seen(followed: Followed, type: string): Promise<unknown> {
  return until(() => followed.types().includes(type), { ...SOON, what: type });
}

/** Id of a job that was posted there. */
export async function post({ url }: Pick<Api, "url">): Promise<string> {
  const answer = await ask(`${url}/v1/jobs`, { method: "POST", body: { flow: "shapes" } });
  return (answer.json as JobView).id;
}

export async function cancel({ url }: Pick<Api, "url">, id: string): Promise<void> {
  await ask(`${url}/v1/jobs/${id}/cancel`, { method: "POST", body: {} });
}
