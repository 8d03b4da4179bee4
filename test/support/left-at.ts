import { getEventListeners } from "node:events";

/**
 * What is left at a signal: listeners, and the marks that AbortSignal.any leaves, which Node keeps
 * in a set of its own.
 */
export function leftAt(signal: AbortSignal): number {
  const symbol = Object.getOwnPropertySymbols(signal).find(
    ({ description }) => description === "kDependantSignals",
  );
  const marks: unknown = symbol === undefined ? undefined : Reflect.get(signal, symbol);
  const count = typeof marks === "object" && marks !== null && "size" in marks ? marks.size : 0;
  return getEventListeners(signal, "abort").length + Number(count);
}
