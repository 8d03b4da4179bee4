import type { Kind, Obtained } from "./kinds.js";

/** The variable that names a server of yours: its data is touched by tests, so none that matters. */
export function addressVariable(kind: Kind): string {
  return `JOBRUNNER_TEST_${kind.toUpperCase()}_URL`;
}

/** A server that somebody runs already; tests neither start nor end it. */
export function given(kind: Kind): Promise<Obtained | undefined> {
  const variable = addressVariable(kind);
  const url = process.env[variable];
  if (url === undefined || url === "") return Promise.resolve(undefined);
  return Promise.resolve({ url, how: `given by ${variable}`, stop: () => Promise.resolve() });
}
