import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Place } from "../../cli/agent/service/service-manager.js";
import { describe as told, perform } from "../../cli/agent/service/perform.js";
import { chooseManager } from "../../cli/agent/service/service.js";
import { tempDir } from "../support/temp.js";

const MAIN = "/usr/lib/node_modules/jobrunner/dist/cli/main.js";

describe("a service of a Linux user", () => {
  const programs = ["systemctl", "loginctl"];

  it("is a unit with the paths of this machine, enabled, running and lingering", async () => {
    const { place, calls, install } = open({ programs });
    const { file } = chooseManager(place, {});

    await install();

    expect(file).toBe(join(place.home, ".config/systemd/user/jobrunner.service"));
    expect(readFileSync(file, "utf8")).toContain(`\nExecStart="${place.node}" ${MAIN} run\n`);
    expect(readFileSync(file, "utf8")).toContain('\nEnvironment="PATH=/opt/node 22/bin:/usr/local');
    expect(calls()).toEqual([
      "systemctl --user daemon-reload",
      "systemctl --user try-restart jobrunner.service",
      "systemctl --user enable --now jobrunner.service",
      "loginctl enable-linger",
    ]);
  });

  it("is left alone by a second installation", async () => {
    const { install, calls } = open({ programs });
    await install();
    const before = calls().length;

    const lines = await install();

    expect(lines[0]).toMatch(/jobrunner\.service is there already$/);
    expect(calls().slice(before).join()).not.toContain("restart");
  });

  it("is gone without a trace when it is uninstalled, also twice", async () => {
    const { place, install, uninstall } = open({ programs });
    await install();

    await uninstall();
    const lines = await uninstall();

    expect(existsSync(chooseManager(place, {}).file)).toBe(false);
    expect(lines).toContainEqual(expect.stringMatching(/jobrunner\.service is not there$/));
  });

  it("is installed although lingering is refused, and a failing systemctl is told", async () => {
    const lingering = open({ programs: ["systemctl"] });
    const broken = open({ programs: ["loginctl"] });

    expect((await lingering.install()).at(-1)).toContain("in vain: the agent then runs while you");
    await expect(broken.install()).rejects.toThrow("systemctl --user daemon-reload failed");
  });

  it("is as it was after a failing daemon-reload; the next installation does all of it", async () => {
    const { place, calls, install } = open({ programs });
    const { file } = chooseManager(place, {});
    const broken = open({ programs: ["loginctl"], home: place.home });
    await expect(broken.install()).rejects.toThrow("daemon-reload failed");
    expect(existsSync(file)).toBe(false);
    await install();
    writeFileSync(file, "# of an older version\n");
    await expect(broken.install()).rejects.toThrow("daemon-reload failed");
    expect(readFileSync(file, "utf8")).toBe("# of an older version\n");
    const before = calls().length;

    await install();

    expect(calls().slice(before)).toContain("systemctl --user try-restart jobrunner.service");
  });

  it.skipIf(spawnSync("systemd-analyze", ["--version"]).status !== 0)(
    "has nothing that systemd complains of, whatever the paths are",
    async () => {
      const node = join(tempDir(), "a $b %d", "node");
      const { place, install } = open({ programs, node: process.execPath, main: node });
      await install();

      const unit = chooseManager(place, {}).file;
      const { stderr } = spawnSync("/usr/bin/systemd-analyze", ["--user", "verify", unit], {
        ...{ encoding: "utf8", env: { ...process.env, XDG_RUNTIME_DIR: place.home } },
      });

      expect(stderr).toBe("");
    },
  );
});

describe("a service of the system", () => {
  it("is for root alone, and for a Node that it can see", () => {
    const { place } = open();

    expect(() => chooseManager(place, { machine: true })).toThrow("only root may install");
    expect(() => chooseManager({ ...place, uid: 0, node: "/root/.nvm/bin/node" }, {})).toThrow(
      "a service that is locked in cannot read /root/.nvm/bin/node",
    );
  });

  it("is locked in, unless flows are to touch the machine", () => {
    const place = { ...open().place, uid: 0 };

    const [locked, machine, user] = [{}, { machine: true }, { user: true }].map((options) =>
      chooseManager(place, options),
    );

    expect(locked?.file).toBe("/etc/systemd/system/jobrunner.service");
    expect(locked?.install.map(told).join("\n")).toContain("DynamicUser=yes");
    expect(machine?.file).toBe("/etc/systemd/system/jobrunner-machine.service");
    expect(machine?.install.map(told).join("\n")).not.toContain("DynamicUser=yes");
    expect(user?.status.join(" ")).toBe("systemctl --user status --no-pager jobrunner.service");
  });
});

describe("a service of a phone", () => {
  it("is run and logged by runit, and started with the phone", async () => {
    const { place, calls, install } = open({ programs: ["sv", "sv-enable"], platform: "android" });
    const prefix = place.env["PREFIX"] ?? "";

    await install();

    const run = join(prefix, "var/service/jobrunner/run");
    expect(readFileSync(run, "utf8")).toContain(`exec '${place.node}' '${MAIN}' run`);
    expect(readFileSync(run, "utf8")).toContain("MALLOC_ARENA_MAX=1");
    for (const file of [run, join(prefix, "var/service/jobrunner/log/run"), bootOf(place)]) {
      expect(statSync(file).mode & 0o111).toBe(0o111);
      expect(readFileSync(file, "utf8").split("\n")[0]).toBe(`#!${prefix}/bin/sh`);
      expect(spawnSync("/bin/sh", ["-n", file]).status).toBe(0);
    }
    expect(calls().at(-1)).toBe("sv-enable jobrunner");
  });
});

describe("a service of a Mac", () => {
  it("is an agent of launchd with the paths of this machine, as XML that can be read", async () => {
    const { place, calls, install } = open({ programs: ["launchctl"], platform: "darwin" });
    const { file } = chooseManager(place, {});

    await install();

    const text = readFileSync(file, "utf8");
    expect(text).toContain(`<string>${place.node}</string>\n    <string>${MAIN}</string>`);
    expect(text).toContain(`<string>${place.home}/Library/Logs/jobrunner.log</string>`);
    expect(text).not.toMatch(/\/usr\/bin\/env|\/tmp\/jobrunner\.log/);
    expect(calls().at(-1)).toBe(`launchctl bootstrap gui/1000 ${file}`);
  });
});

it("says what starts programs elsewhere should start", () => {
  const { place } = open({ platform: "freebsd" });

  expect(() => chooseManager(place, {})).toThrow("services of freebsd are not known here");
});

function bootOf({ home }: Place): string {
  return join(home, ".termux/boot/jobrunner");
}

interface Opened {
  /** Those that are there; each writes down how it was called. */
  readonly programs?: readonly string[];
  readonly platform?: NodeJS.Platform;
  readonly node?: string;
  readonly main?: string;
  /** Default one of its own. */
  readonly home?: string;
}

function open(opened: Opened = {}) {
  const { programs = [], platform = "linux", node, main = MAIN } = opened;
  const dir = tempDir();
  const { home = dir } = opened;
  const log = join(dir, "calls");
  writeFileSync(log, "");
  for (const name of programs) {
    writeFileSync(join(dir, name), `#!/bin/sh\necho "${name} $*" >> "${log}"\n`);
    chmodSync(join(dir, name), 0o755);
  }
  const place: Place = {
    ...{ platform, home, uid: 1000, main, node: node ?? "/opt/node 22/bin/node" },
    env: { PREFIX: join(home, "usr"), XDG_CONFIG_HOME: join(home, ".config") },
  };
  const steps = async (which: "install" | "uninstall") => {
    const path = process.env["PATH"];
    process.env["PATH"] = dir;
    onTestFinished(() => void (process.env["PATH"] = path));
    const lines: string[] = [];
    await perform(chooseManager(place, {})[which], (line) => lines.push(line));
    process.env["PATH"] = path;
    return lines;
  };
  const calls = () => readFileSync(log, "utf8").split("\n").filter(Boolean);
  return { place, calls, install: () => steps("install"), uninstall: () => steps("uninstall") };
}
