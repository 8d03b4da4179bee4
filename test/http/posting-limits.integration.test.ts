import { expect, it } from "vitest";
import { LIMITS } from "../../agent/http/limits.js";
import type { Jobs } from "../../agent/jobs.js";
import { until } from "../../scripts/lab/until.js";
import { ask } from "./api.js";
import { serve } from "./serve.js";

const ID = "01980000-0000-7000-8000-000000000000";

/** Of posts that never end until they are let go, so many. */
async function full(take: (jobs: { readonly waits: () => Promise<never> }) => Partial<Jobs>) {
  let begun = 0;
  let letGo = (): void => undefined;
  const gone = new Promise<never>((_resolve, reject) => {
    letGo = () => reject(new Error("let go"));
  });
  gone.catch(() => undefined);
  const waits = (): Promise<never> => {
    begun += 1;
    return gone;
  };
  const server = serve({ jobs: take({ waits }) as Jobs });
  const url = await server.listen({ host: "127.0.0.1", port: 0 });
  return { url, begun: () => begun, letGo, server };
}

it("posts, checks and retries in progress share one limit, beyond which each is asked to come back", async () => {
  const { url, begun, letGo, server } = await full(({ waits }) => ({
    post: waits,
    check: waits,
    verbs: { retry: waits } as never,
  }));
  const post = () => ask(`${url}/v1/jobs`, { method: "POST", body: { flow: "hello" } });
  const check = () => ask(`${url}/v1/jobs:check`, { method: "POST", body: { flow: "hello" } });
  const retry = () => ask(`${url}/v1/jobs/${ID}/retry`, { method: "POST", body: {} });
  const kinds = [post, check, retry];
  const waiting = Array.from({ length: LIMITS.postsInFlight }, (_, n) => (kinds[n % 3] ?? post)());
  await until(() => begun() === LIMITS.postsInFlight, { withinMs: 20_000 });

  const refused = await Promise.all(kinds.map((kind) => kind()));
  letGo();
  await Promise.all(waiting);
  const again = await Promise.all(kinds.map((kind) => kind()));
  await server.close();

  expect(refused.map(({ status }) => status)).toEqual([429, 429, 429]);
  expect(refused.map(({ headers }) => headers["retry-after"])).toEqual(["1", "1", "1"]);
  expect(begun()).toBe(LIMITS.postsInFlight + 3);
  expect(again.map(({ status }) => status)).toEqual([500, 500, 500]);
});
