import { createServer } from "node:net";
import { arch } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import type { Verdict } from "../../capabilities/capability.js";
import { isArm64, isX86_64, portIsFree } from "../../capabilities/clauses.js";
import type { Clause } from "../../common/job.js";
import type { Json } from "../../common/json.js";
import { freePort } from "../../scripts/lab/ports.js";

/** What this machine says to a clause, looked up as an agent does. */
async function ask({ name, args }: Clause): Promise<Verdict> {
  const capability = BUILTIN_CAPABILITIES.get(name);
  if (capability === undefined) throw new Error(`no capability ${name}`);
  return capability.check(args, new AbortController().signal);
}

describe("port_is_free", () => {
  it("is able when nothing listens, and holds on to nothing", async () => {
    const port = await freePort();

    expect(await ask(portIsFree(port))).toEqual({ able: true });
    await listen(port, "127.0.0.1");
  });

  it.each(["127.0.0.1", "0.0.0.0", "::"])(
    "is not able when something listens on %s",
    async (host) => {
      const port = await listen(0, host);

      expect(await ask(portIsFree(port))).toEqual({
        able: false,
        observed: `port ${port} is in use`,
        needed: `port ${port} free`,
      });
    },
  );

  it.each<readonly Json[]>([[0], [65_536], [80.5], ["80"], [], [80, 81], [null]])(
    "says that %j is no port",
    async (...args) => {
      expect(await ask({ name: "port_is_free", args })).toMatchObject({
        unknown: expect.stringContaining("wants one port from 1 to 65535"),
      });
    },
  );
});

describe("the processor", () => {
  it("is what Node was built for, and only that", async () => {
    const [x86, arm] = [await ask(isX86_64()), await ask(isArm64())];

    expect("able" in x86 && x86.able).toBe(arch() === "x64");
    expect("able" in arm && arm.able).toBe(arch() === "arm64");
    for (const verdict of [x86, arm]) {
      if ("able" in verdict && verdict.able) continue;
      expect(verdict).toMatchObject({ observed: `the processor is ${arch()}` });
    }
  });
});

async function listen(port: number, host: string): Promise<number> {
  const server = createServer();
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host }, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
