import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AgentIdentity, openIdentity } from "../../agent/identity.js";
import { fileLocks } from "../../sqlite/lock.js";
import { tempDir } from "../support/temp.js";

const HOLD = join(import.meta.dirname, "fixtures", "hold-identity.ts");

describe("identity (D6, P-33)", () => {
  it("keeps the machine's id and makes a new incarnation at every start", async () => {
    const directory = tempDir();
    const first = await open(directory, "alpha");
    await first[Symbol.asyncDispose]();

    const second = await open(directory, "alpha");

    expect(second.machine).toBe(first.machine);
    expect(second.incarnation).not.toBe(first.incarnation);
  });

  it("has no predecessor after a clean stop", async () => {
    const directory = tempDir();
    const first = await open(directory, "alpha");
    await first[Symbol.asyncDispose]();

    expect((await open(directory, "alpha")).predecessor).toBeUndefined();
  });

  it("knows the incarnation before it once that one was killed", async () => {
    const directory = tempDir();
    const { child, incarnation } = await hold(directory, "alpha");
    child.kill("SIGKILL");
    await once(child, "exit");

    expect((await open(directory, "alpha")).predecessor).toBe(incarnation);
  });

  it("refuses a name whose agent lives, also when that one is stopped for now", async () => {
    const directory = tempDir();
    const { child } = await hold(directory, "alpha");
    child.kill("SIGSTOP");

    const refused = open(directory, "alpha");

    await expect(refused).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(`pid ${child.pid}`) as string,
    });
  });

  it("lets agents of other names share the state directory", async () => {
    const directory = tempDir();
    const alpha = await open(directory, "alpha");

    const beta = await open(directory, "beta");

    expect(beta.machine).toBe(alpha.machine);
    expect(beta.predecessor).toBeUndefined();
  });

  it("makes a new machine id when the directory came with a copied disk", async () => {
    const directory = tempDir();
    const first = await open(directory, "alpha");
    await first[Symbol.asyncDispose]();
    const file = join(directory, "machine.json");
    const known = JSON.parse(readFileSync(file, "utf8")) as { id: string };
    writeFileSync(file, JSON.stringify({ ...known, system: "another machine" }));

    expect((await open(directory, "alpha")).machine).not.toBe(first.machine);
  });

  it("removes locks of agents that were killed long ago, and no others", async () => {
    const directory = tempDir();
    const [dead, young, alive] = await Promise.all(
      ["dead", "young", "alive"].map((name) => hold(directory, name)),
    );
    for (const killed of [dead, young]) {
      killed?.child.kill("SIGKILL");
      if (killed !== undefined) await once(killed.child, "exit");
    }
    const lockOf = (held: typeof dead) => join(directory, "agents", `${held?.incarnation}.lock`);
    for (const held of [dead, alive]) utimesSync(lockOf(held), 0, 0);

    await open(directory, "alpha");

    expect([dead, young, alive].map((held) => existsSync(lockOf(held)))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it("announces its address for other programs of the machine, until it leaves", async () => {
    const directory = tempDir();
    const alpha = await open(directory, "alpha");
    const file = join(directory, "agents", "alpha.json");

    await alpha.announce("http://127.0.0.1:1234");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      name: "alpha",
      address: "http://127.0.0.1:1234",
      pid: process.pid,
    });

    await alpha[Symbol.asyncDispose]();
    expect(() => readFileSync(file)).toThrow("ENOENT");
  });
});

async function open(directory: string, name: string): Promise<AgentIdentity> {
  const identity = await openIdentity({ directory, name, takeLock: await fileLocks() });
  onTestFinished(() => identity[Symbol.asyncDispose]());
  return identity;
}

async function hold(
  directory: string,
  name: string,
): Promise<{ readonly child: ChildProcess; readonly incarnation: string }> {
  const child = spawn(process.execPath, ["--import", "jiti/register", HOLD, directory, name], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, incarnation: line.toString().trim() };
}
