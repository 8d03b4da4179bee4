import { describe, expect, it } from "vitest";
import { defineFlow, z } from "../../sdk/index.js";

describe("clusterConcurrency", () => {
  it("says how many jobs may be in progress at once, for the parameters of each", () => {
    const build = (): void => undefined;
    const params = z.object({ port: z.int().default(8080) });
    const limited = defineFlow({
      ...{ name: "web", params, build },
      clusterConcurrency: ({ port }) => ({ key: `port-${port}`, limit: 2 }),
    });

    expect(limited.prepare({}).concurrency).toEqual({ key: "port-8080", limit: 2 });
    expect(defineFlow({ name: "web", params, build }).prepare({}).concurrency).toBeUndefined();
  });

  it.each([
    [{ key: "two words", limit: 1 }, "wants a key of 1 to 128"],
    [{ limit: 1 }, "wants a key of 1 to 128"],
    [{ key: "k", limit: 0 }, "wants a limit from 1 to 1000"],
    [{ key: "k", limit: 1.5 }, "wants a limit from 1 to 1000"],
    [{ key: "k", limit: 1001 }, "wants a limit from 1 to 1000"],
  ])("may not be %j", (answer, message) => {
    const flow = defineFlow({
      ...{ name: "web", build: () => undefined },
      clusterConcurrency: () => answer as never,
    });

    expect(() => flow.prepare({})).toThrow(
      expect.objectContaining({
        ...{ code: "BAD_FLOW", message: expect.stringContaining(message) as string },
      }),
    );
  });
});
