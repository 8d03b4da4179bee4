import { describe, expect, inject, it } from "vitest";
import { until } from "../../scripts/lab/until.js";
import { join } from "./joined.js";

/* Names and addresses of agents in a real Consul: two of one name, none, no longer. */

describe("an agent in Consul", () => {
  it("is found without an address when only its own machine reaches it", async () => {
    const alpha = await join();
    const { url: _url, ...self } = alpha.self;
    alpha.membership.announce(() => self, alpha.told);

    const found = await alpha.seen((member) => member.heardAt !== undefined);
    const checks = await checksOf(alpha.self.name);

    expect(found).toMatchObject({ state: "known", facts: { memory_total: "24GiB" } });
    expect(found).not.toHaveProperty("url");
    expect(checks.map(({ CheckID }) => CheckID)).toEqual([`jobrunner-${alpha.self.name}`]);
  });

  it("says when another machine has its name, and neither of the two vanishes", async () => {
    const warned: string[] = [];
    const first = await join({ onTwin: (why) => warned.push(why) });
    const second = await join({ onTwin: (why) => warned.push(why) }, { name: first.self.name });
    const [one, two] = [first.self, { ...second.self, machine: "other-machine" }];
    first.membership.announce(() => one, first.told);
    await first.seen((member) => member.heardAt !== undefined);
    second.membership.announce(() => two, second.told);

    const both = await until(
      async () => {
        const all = await first.membership.members();
        const found = all.filter(({ name, state }) => name === one.name && state === "known");
        return found.length === 2 && found;
      },
      { withinMs: 10_000, what: "both of them" },
    );

    expect(both.map(({ machine }) => machine).sort()).toEqual(["m", "other-machine"]);
    for (const { membership } of [first, second]) {
      await until(() => membership.trouble() !== undefined, { withinMs: 5_000 });
      expect(membership.trouble()).toContain(`another machine has an agent "${one.name}"`);
    }
    expect(warned).toHaveLength(2);
    await second.membership[Symbol.asyncDispose]();
    await until(
      async () => {
        await first.membership.members();
        return first.membership.trouble() === undefined;
      },
      { withinMs: 5_000, what: "the trouble to be over" },
    );
  });

  it("is forgotten when it is gone, and not while it beats", async () => {
    const alpha = await join({ beatMs: 100 });
    const beta = await join();
    let silent = false;
    alpha.membership.announce(() => {
      if (silent) throw new Error("it hangs");
      return alpha.self;
    }, alpha.told);
    const { name } = await alpha.seen((member) => member.state === "known");

    await expect(beta.membership.forget(name, "everywhere")).rejects.toMatchObject({
      code: "CONFLICT",
    });
    silent = true;
    await alpha.seen((member) => member.state === "gone", beta.membership);

    expect(await beta.membership.forget(name, "everywhere")).toBe(true);
    await until(
      async () => !(await beta.membership.members()).some((member) => member.name === name),
      { withinMs: 5_000, what: "it to be forgotten" },
    );
  });
});

async function checksOf(name: string): Promise<readonly { readonly CheckID: string }[]> {
  const answer = await fetch(`${inject("consulUrl")}/v1/agent/checks`);
  const checks = (await answer.json()) as Record<string, { CheckID: string }>;
  return Object.values(checks).filter(({ CheckID }) => CheckID.includes(name));
}
