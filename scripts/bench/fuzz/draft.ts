import type { Random } from "../../../test/property/random.js";
import type { Known } from "./known.js";
import type { Operation, Schema } from "./operations.js";
import { GIVEN, fake, type Place, realValue } from "./real.js";

/** A request that is not sent yet: it may still be changed, part by part. */
export interface Draft {
  readonly operation: Operation;
  method: string;
  /** Values of the path's parameters, not escaped. */
  readonly path: Record<string, string>;
  readonly query: [name: string, value: string][];
  readonly headers: Record<string, string>;
  body: { readonly json: unknown } | { readonly bytes: Buffer } | undefined;
}

/** Of values that stand for something real, and are. */
const REAL = 0.95;

/** A request as the document asks for it, about things that are there. */
export function draftOf(operation: Operation, known: Known, random: Random): Draft {
  const draft: Draft = {
    ...{ operation, method: operation.method, path: {}, query: [], headers: {} },
    body: undefined,
  };
  for (const { name, in: place, required, schema } of operation.parameters) {
    if (!required && !random.chance(GIVEN)) continue;
    const value = textOf(valueOf(name, schema, { operation, known, random }));
    if (place === "path") draft.path[name] = value;
    else if (place === "query") draft.query.push([name, value]);
    else draft.headers[name] = value;
  }
  const { body } = operation;
  if (body !== undefined) {
    draft.headers["content-type"] = "application/json";
    draft.body = { json: bodyOf(body, { operation, known, random }) };
  }
  if (random.chance(0.2)) {
    draft.headers["accept"] = random.pick(["text/event-stream", "application/json", "*/*"]);
  }
  return draft;
}

function bodyOf(schema: Schema, place: Place): unknown {
  const made = fake(schema, place.random);
  if (typeof made !== "object" || made === null) return made;
  const body: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(made)) {
    const real = place.random.chance(REAL)
      ? realValue(name, { ...place, beside: body })
      : undefined;
    body[name] = real ?? value;
  }
  return body;
}

function valueOf(name: string, schema: Schema, place: Place): unknown {
  const real = place.random.chance(REAL) ? realValue(name, { ...place, beside: {} }) : undefined;
  return real ?? fake(schema, place.random);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
