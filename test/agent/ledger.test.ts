import { randomUUID } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { Ledger } from "../../agent/matching/ledger.js";
import { tempDir } from "../support/temp.js";

/** Two agents of one machine, and a key that no other test has. */
function twoAgents() {
  const key = `port_is_free(${randomUUID()})`;
  return { key, alpha: new Ledger({ agent: "alpha" }), beta: new Ledger({ agent: "beta" }) };
}

/** Holds until the test is over at the latest. */
async function hold(ledger: Ledger, keys: readonly string[], job: string) {
  const giveBack = await ledger.hold(keys, job);
  onTestFinished(() => giveBack?.());
  return giveBack;
}

describe("what a job holds for itself alone", () => {
  it("is held by no other job of the same agent, nor of another one", async () => {
    const { key, alpha, beta } = twoAgents();

    await hold(alpha, [key], "one");

    expect(await hold(alpha, [key], "two")).toBeUndefined();
    expect(await hold(beta, [key], "three")).toBeUndefined();
    expect(alpha.heldHere(key)).toBe("one");
    expect(beta.heldHere(key)).toBeUndefined();
  });

  it("goes to exactly one of many that want it at the same time", async () => {
    const { key, alpha, beta } = twoAgents();
    const wanting = Array.from({ length: 20 }, (_, n) => hold(n % 2 ? alpha : beta, [key], `${n}`));

    const held = (await Promise.all(wanting)).filter((giveBack) => giveBack !== undefined);

    expect(held).toHaveLength(1);
  });

  it("names its holder to every agent of the machine", async () => {
    const { key, alpha, beta } = twoAgents();
    expect(await beta.holder(key)).toBeUndefined();

    await hold(alpha, [key], "one");

    expect(await alpha.holder(key)).toBe("job one on agent alpha");
    expect(await beta.holder(key)).toBe("job one on agent alpha");
  });

  it("is free for others once it is given back", async () => {
    const { key, alpha, beta } = twoAgents();
    const giveBack = await hold(alpha, [key], "one");

    giveBack?.();

    await hold(beta, [key], "two");

    expect(await alpha.holder(key)).toBe("job two on agent beta");
  });

  it("is all of it or nothing", async () => {
    const { key, alpha, beta } = twoAgents();
    await hold(alpha, [`${key} b`], "one");

    expect(await hold(beta, [`${key} a`, `${key} b`], "two")).toBeUndefined();
    await hold(alpha, [`${key} a`], "three");
    expect(await beta.holder(`${key} a`)).toBe("job three on agent alpha");
  });

  it("may be named twice by one job", async () => {
    const { key, alpha } = twoAgents();

    await hold(alpha, [key, key], "one");

    expect(alpha.heldHere(key)).toBe("one");
  });

  it("may be taken from a holder that is frozen and cannot answer", async () => {
    const { key, beta } = twoAgents();
    const address = join(tempDir(), "frozen");
    // A process that is stopped still listens, and never says a word.
    const asking: Socket[] = [];
    const frozen = createServer({ pauseOnConnect: true }, (socket) => void asking.push(socket));
    onTestFinished(() => {
      for (const socket of asking) socket.destroy();
      frozen.close();
    });
    await new Promise<void>((resolve) => frozen.listen(address, resolve));
    const ledger = new Ledger({ agent: "alpha", toAddress: () => address });

    await hold(ledger, [key], "one");
    await hold(beta, [key], "two"); // Another address: not concerned.

    expect(ledger.heldHere(key)).toBe("one");
    expect(beta.heldHere(key)).toBe("two");
  });

  it("is known to one agent alone where the system has no place for it", async () => {
    const toAddress = () => "/no/such/directory/socket";
    const { key } = twoAgents();
    const ledger = new Ledger({ agent: "alpha", toAddress });

    const giveBack = await hold(ledger, [key], "one");

    expect(await hold(ledger, [key], "two")).toBeUndefined();
    giveBack?.();
    await hold(ledger, [key], "two");
    expect(ledger.heldHere(key)).toBe("two");
  });
});
