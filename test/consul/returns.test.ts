import { expect, it } from "vitest";
import type { Answer } from "../../consul/client.js";
import { type Ask, follow } from "../../consul/waiting/follow.js";
import { Returns } from "../../consul/waiting/returns.js";
import { until } from "../../scripts/lab/until.js";

const SOON = { withinMs: 5_000, everyMs: 1 };

it("a query that may hang is asked anew once for each time that the servers answer again", async () => {
  const returns = new Returns();
  const stop = new AbortController();
  const asked: Ask[] = [];
  // Answered at once without an index, as Consul does; else it hangs.
  const ask = (how: Ask): Promise<Answer<string>> => {
    asked.push(how);
    const answer = { status: 200, body: "same", index: 7, refusal: undefined };
    if (how.index === undefined) return Promise.resolve(answer);
    return new Promise((_, reject) => {
      how.signal.addEventListener("abort", () => reject(new Error("cancelled")), { once: true });
    });
  };
  let seen = 0;
  const following = follow({
    ...{ ask, seen: () => void (seen += 1), spacingMs: 1 },
    ...{ signal: stop.signal, returns },
  });
  const indexes = (): readonly (number | undefined)[] => asked.map(({ index }) => index);
  await until(() => asked.length === 2, SOON);

  returns.answered(); // They never were away.
  returns.failed();
  returns.failed();
  returns.answered();
  returns.answered();
  await until(() => asked.length === 4, SOON);
  stop.abort();
  await following;
  returns.failed();
  returns.answered(); // Nobody listens any more.

  expect(indexes()).toEqual([undefined, 7, undefined, 7]);
  expect(seen).toBe(1);
});
