import { describe, expect, it } from "vitest";
import { call, hooks, openBodies, sharedRunners } from "./open-runners.js";

describe.each(["process", "thread"] as const)("runners, each a %s", (transport) => {
  const open = sharedRunners({ transport });

  it("refuse to save what is too large; the body may go on without", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);
    const linked = hooks();

    const answer = await bodies.execute(call("save-large"), linked);

    const message = `The value given to ctx.saved has 5242882 bytes as JSON, more than 4194304.`;
    expect(answer).toEqual([message, null]);
    expect(linked.saves).toEqual([]);
  });

  it("cut a failure to what can be stored", async () => {
    const { runners } = open();
    const { bodies } = await openBodies(runners);

    const answer = bodies.execute(call("fail-large"), hooks());

    await expect(answer).rejects.toThrow(/^x+[.]{3} 20971520 characters in all$/);
  });
});
