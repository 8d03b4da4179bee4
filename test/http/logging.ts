import { expect } from "vitest";
import { createClient } from "../../cli/api/client.js";
import type { StreamEvent } from "../../cli/api/event-stream.js";
import { resumedEvents } from "../../cli/api/resumed-events.js";
import type { Said } from "../../common/log.js";
import type { JobView } from "../../common/wire.js";
import type { LogLineView, LogsView } from "../../common/wire/logs.js";
import { appended, appendOf, ENDED, owned } from "../contracts/samples.js";
import { type Api, ask } from "./api.js";

export async function post(api: Api): Promise<string> {
  const answer = await ask(`${api.url}/v1/jobs`, { method: "POST", body: { flow: "shapes" } });
  return (answer.json as JobView).id;
}

/** Writes lines as an owner of this agent does; `atom: text` each. */
export async function write(
  api: Api,
  job: string,
  token: number,
  ...lines: readonly string[]
): Promise<void> {
  const log = api.logs.book.begin(job, token);
  for (const line of lines) log.add(saidOf(line));
  await log.flush();
}

export function saidOf(line: string): Said {
  const [atom = "", text = ""] = line.split(": ");
  return { atom, phase: "execute", stream: "log", text };
}

export async function page(api: Api, job: string, query = ""): Promise<LogsView> {
  const answer = await ask(`${api.url}/v1/jobs/${job}/logs${query}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as LogsView;
}

export const textsOf = ({ items }: LogsView): readonly string[] => items.map(({ text }) => text);

/** The job's log as the command line follows it, gathered as it comes. */
export function follow(api: Api, job: string, query = "", signal?: AbortSignal) {
  const events: StreamEvent[] = [];
  const done = (async () => {
    const client = await createClient({ via: api.url, env: {}, say: () => undefined });
    const path = `/v1/jobs/${job}/logs?follow=true${query}`;
    for await (const event of resumedEvents(path, { client, say: () => undefined, signal })) {
      events.push(event);
    }
  })();
  done.catch(() => undefined); // Whoever waits for it is told.
  const texts = (): readonly string[] =>
    events
      .filter(({ event }) => event === "line")
      .map(({ data }) => (JSON.parse(data) as LogLineView).text);
  return { events, texts, done };
}

/** Its owner writes its end. */
export async function end(api: Api, job: string): Promise<void> {
  const owner = await owned(api.persistence, job);
  await appended(api.persistence, appendOf(owner, 1, { changes: ENDED, state: "SUCCESS" }));
}
