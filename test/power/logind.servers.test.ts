import { spawn } from "node:child_process";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { Logind } from "../../power/logind.js";
import { until } from "../../scripts/lab/until.js";
import type { LogindServer } from "../../scripts/lab/servers/logind.js";
import { startLogind } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";

/* systemd-logind as its clients see it: on a real bus, by the real gdbus and systemd-inhibit. */

describe("systemd-logind", () => {
  it("is held up by a lock until everything is handed over, and the next time again", async () => {
    const { logind, watched, finish } = await watch();
    await held(logind, 1);

    logind.say("sleep");
    await until(() => watched.includes("sleeps"), { withinMs: 5_000 });
    const whileHandingOver = logind.locks();
    finish();
    await held(logind, 0);
    logind.say("wake");
    await until(() => watched.includes("wakes"), { withinMs: 5_000 });
    await held(logind, 1);

    expect(whileHandingOver).toBe(1);
    expect(watched).toEqual(["sleeps", "wakes"]);
    expect(logind.taken).toEqual(["sleep delay", "sleep delay"]);
  });

  it("keeps the lock when the machine woke before everything was handed over", async () => {
    const { logind, watched, finish } = await watch();
    await held(logind, 1);

    logind.say("sleep");
    logind.say("wake");
    await until(() => watched.includes("wakes"), { withinMs: 5_000 });
    finish();
    logind.say("sleep");
    await until(() => watched.length === 3, { withinMs: 5_000 });
    await held(logind, 0);

    expect(logind.taken).toEqual(["sleep delay"]);
  });

  it("is let go of when the agent leaves", async () => {
    const { logind, power } = await watch();
    await held(logind, 1);

    await power[Symbol.asyncDispose]();

    expect(await held(logind, 0)).toBe(true);
  });

  it("is done without where nobody is logind, or there is no bus", async () => {
    const empty = await startLogind(tempDir(), { played: false });
    onTestFinished(() => empty[Symbol.asyncDispose]());
    const nowhere = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${tempDir()}/bus` };

    for (const env of [empty.env, nowhere]) {
      const { power, said } = open(env);
      power.watch({ sleeps: () => Promise.resolve(), wakes: () => undefined });

      await until(() => said.length > 0, { withinMs: 5_000, what: "a word about it" });

      expect(said).toEqual(["no systemd-logind answers on this machine"]);
    }
  });

  it("is let go of by an agent that is killed", async () => {
    const logind = await startLogind(tempDir());
    onTestFinished(() => logind[Symbol.asyncDispose]());
    const code = `
      import { Logind } from "${import.meta.dirname}/../../dist/power/logind.js";
      const none = () => undefined;
      const power = new Logind({ onAbsent: none, onRefused: none });
      power.watch({ sleeps: () => new Promise(none), wakes: none });
    `;
    const args = ["--input-type=module", "-e", code];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...logind.env },
      stdio: "inherit",
    });
    onTestFinished(() => void child.kill("SIGKILL"));
    await held(logind, 1);

    child.kill("SIGKILL");

    expect(await held(logind, 0)).toBe(true);
  });
});

function open(env: Readonly<Record<string, string>>) {
  // Programs that it starts look there for the bus of the machine.
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const said: string[] = [];
  const power = new Logind({
    onAbsent: (why) => said.push(why),
    onRefused: (why) => said.push(why),
  });
  onTestFinished(async () => {
    await power[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
  });
  return { power, said };
}

/** `finish` ends the hand-over under way, and all later ones at once. */
async function watch() {
  const logind = await startLogind(tempDir());
  onTestFinished(() => logind[Symbol.asyncDispose]());
  const { power } = open(logind.env);
  const watched: string[] = [];
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  power.watch({
    sleeps: () => {
      watched.push("sleeps");
      return finished;
    },
    wakes: () => void watched.push("wakes"),
  });
  return { logind, power, watched, finish };
}

function held(logind: LogindServer, locks: number): Promise<true> {
  const what = `${String(locks)} locks`;
  return until(() => logind.locks() === locks, { withinMs: 10_000, what });
}
