import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { DoctorView } from "../../common/wire/doctor.js";
import { freePort } from "../../scripts/lab/ports.js";
import { runCommand } from "../../scripts/lab/command.js";
import { agentInTest } from "../support/agents.js";
import { tempDir } from "../support/temp.js";

describe("jobrunner doctor", { timeout: 60_000 }, () => {
  it("finds a fresh machine well, and leaves nothing behind", async () => {
    const { home, env } = await machine();

    const { code, view } = await doctor(env);

    expect(code).toBe(0);
    expect(view).toMatchObject({ ok: true });
    expect(view.checks.filter(({ state }) => state === "fail")).toEqual([]);
    expect(named(view, "persistence")).toMatch(/which the first agent makes$/);
    expect(named(view, "flows")).toContain("hello");
    expect(named(view, "agent")).toMatch(/is free for one: jobrunner run$/);
    expect(existsSync(join(home, "state"))).toBe(false);
  });

  it("looks at the agent that runs, its database and its board", async () => {
    const { dir, port, env } = await machine();
    await agentInTest({
      dir,
      name: "alpha",
      port,
      database: join(dir, "state/jobrunner/jobrunner.db"),
    });

    const { code, view } = await doctor(env);

    expect(code).toBe(0);
    expect(named(view, "agent")).toBe(`alpha answers at http://127.0.0.1:${port} and takes jobs`);
    expect(named(view, "persistence")).toMatch(/, schema \d{3}-\w+$/);
    expect(named(view, "board")).toMatch(/ answers$/);
    expect(named(view, "clock")).toBe("as the database's");
  });

  it("finds an agent that listens where the settings do not say", async () => {
    const { dir, env } = await machine();
    const elsewhere = await freePort();
    const database = join(dir, "state/jobrunner/jobrunner.db");
    await agentInTest({ dir, name: "alpha", port: elsewhere, database });

    const { view } = await doctor(env);

    const shown = new RegExp(`^alpha answers at http://127.0.0.1:${elsewhere}; .* is free for one`);
    expect(named(view, "agent")).toMatch(shown);
  });

  it("fails, with what to do, for flows that do not load and a port that is taken", async () => {
    const { dir, port, env } = await machine();
    writeFileSync(join(dir, "flows", "broken.ts"), "export default 1;\nconst x: = 2;\n");
    const alien = createServer((socket) => socket.destroy()).listen(port, "127.0.0.1");
    onTestFinished(() => void alien.close());
    await once(alien, "listening");

    const { code, view } = await doctor(env);

    expect(code).toBe(1);
    expect(view.ok).toBe(false);
    const failed = view.checks.filter(({ state }) => state === "fail");
    expect(failed.map(({ name }) => name)).toEqual(["flows", "agent"]);
    expect(failed[0]?.detail).toMatch(/broken\.ts:2/);
    expect(failed[1]?.detail).toContain("something else than an agent has 127.0.0.1:");
    expect(failed.every(({ fix }) => fix !== undefined)).toBe(true);
    expect((alien.address() as AddressInfo).port).toBe(port);
  });

  it("names capabilities that are too slow, or that cannot tell, with what to do", async () => {
    const { dir, env } = await machine();
    writeCapability(dir, "never_answers", "() => new Promise(() => undefined)");
    writeCapability(dir, "is_broken", '() => { throw new Error("no such device"); }');
    writeCapability(dir, "is_well", "() => true");

    const { code, view } = await doctor(env);

    const complaints = view.checks.filter(
      ({ name, state }) => name === "capabilities" && state === "warn",
    );
    expect(code).toBe(0); // Other jobs are taken.
    expect(complaints.map(({ detail }) => detail).sort()).toEqual([
      expect.stringMatching(/^is_broken: .*no such device; jobs that ask for it wait$/),
      "never_answers: no answer within 250 ms; jobs that ask for it wait",
    ]);
    expect(complaints.find(({ detail }) => detail.startsWith("never"))?.fix).toContain(
      `more than 0.3s: timeLimit in ${join(dir, "flows", "never_answers.ts")}`,
    );
    expect(named(view, "capabilities")).toMatch(/^\d+ of \d+ can tell, the slowest in /);
  });

  it("names every mistake in the settings", async () => {
    const { env, config } = await machine();
    writeFileSync(config, "agent: { slots: 0 }\nbord: redis\n");

    const { code, stdout } = await runCommand(["doctor"], env);

    expect(code).toBe(1);
    expect(stdout).toMatch(/^config\tfail\t.*agent\.slots 0.*bord is not a setting/m);
  });

  it.skipIf(process.getuid?.() === 0)("tells that the state cannot be written", async () => {
    const { home, env } = await machine();
    mkdirSync(join(home, "state"));
    chmodSync(join(home, "state"), 0o500);

    const { code, view } = await doctor(env);

    expect(code).toBe(1);
    expect(named(view, "state")).toContain("nobody with your rights may write to");
  });
});

async function machine() {
  const dir = tempDir();
  const port = await freePort();
  const config = join(dir, "config.yaml");
  writeFileSync(config, `api: { listen: 127.0.0.1:${port} }\nflows: [${join(dir, "flows")}]\n`);
  mkdirSync(join(dir, "flows"), { recursive: true });
  const env = { JOBRUNNER_CONFIG: config, XDG_STATE_HOME: join(dir, "state") };
  return { dir, home: dir, port, config, env };
}

function writeCapability(dir: string, name: string, check: string): void {
  const text = [
    'import { defineCapability } from "jobrunner";',
    `export default defineCapability({ name: "${name}", summary: "So", check: ${check} });`,
  ];
  writeFileSync(join(dir, "flows", `${name}.ts`), text.join("\n"));
}

async function doctor(env: Readonly<Record<string, string>>) {
  const { code, stdout } = await runCommand(["doctor", "-o", "json"], env);
  return { code, view: JSON.parse(stdout) as DoctorView };
}

function named({ checks }: DoctorView, name: string): string {
  return checks.find((check) => check.name === name)?.detail ?? "";
}
