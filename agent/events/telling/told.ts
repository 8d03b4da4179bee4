import type { Failure } from "../../../common/failure.js";
import type { EventView } from "../../../common/wire/events.js";

/** What a part of the agent has to say; who says it, and when, is known. */
export type Told = Omit<EventView, "at" | "agent"> & { readonly at?: string };

/** Says what happened. Costs little, never waits, never throws. */
export type Tell = (event: Told) => void;

/** Characters of one event's JSON above which a failure is shortened. */
const JSON_CHARS_MAX = 8_192;
const MESSAGE_CHARS = 1_000;

/** The event as it is sent: without what would crowd out hundreds of others. */
export function toJson(event: EventView): { readonly event: EventView; readonly json: string } {
  const json = JSON.stringify(event);
  if (json.length <= JSON_CHARS_MAX || event.failure === undefined) return { event, json };
  const short = { ...event, failure: shortened(event.failure) };
  return { event: short, json: JSON.stringify(short) };
}

function shortened({ name, message, code }: Failure): Failure {
  return {
    name,
    message: message.slice(0, MESSAGE_CHARS),
    ...(code === undefined ? {} : { code }),
  };
}
