import { expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import { again } from "../../consul/waiting/again.js";
import { Returns } from "../../consul/waiting/returns.js";

it("a call is not tried again once its board closes", async () => {
  const stop = new AbortController();
  let tries = 0;
  const failing = (): Promise<never> => {
    tries += 1;
    return Promise.reject(new JobrunnerError("BOARD_DOWN", "an election", { retryable: true }));
  };
  const start = performance.now();

  const call = again({ patienceMs: 60_000, signal: stop.signal, returns: new Returns() }, failing);
  setImmediate(() => stop.abort());

  await expect(call).rejects.toThrow("an election");
  expect(tries).toBe(1);
  expect(performance.now() - start).toBeLessThan(10_000);
});
