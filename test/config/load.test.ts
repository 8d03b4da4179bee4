import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { flagSource } from "../../cli/agent/flags.js";
import type { RunFlags } from "../../cli/options.js";
import { hasCode } from "../../common/error.js";
import { describeConfig } from "../../config/describe.js";
import { loadConfig, type Loaded } from "../../config/load.js";
import { tempDir } from "../support/temp.js";

describe("settings", () => {
  it("are complete when nobody wrote any", () => {
    const { config, files, warnings } = load();

    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 7463,
      board: expect.stringMatching(/^sqlite:\/.*\/jobrunner\/jobrunner\.db$/),
      leaseMs: 10_000,
      drainTimeoutMs: 60_000,
      runner: "process",
      logLevel: "info",
    });
    expect(config.persistence).toBe(config.board);
    expect(config.name).toMatch(/^[a-z0-9][a-z0-9_-]{0,63}$/);
    expect([...files, ...warnings]).toEqual([]);
  });

  it("are read from the user's file", () => {
    const { config } = load({
      text: "agent: { name: lenovo-x1, slots: 2, runner: thread }\napi: { listen: 7500 }\n",
    });

    expect(config).toMatchObject({ name: "lenovo-x1", slots: 2, runner: "thread", port: 7500 });
  });

  it("limit the memory of flow code, in whole words", () => {
    expect(load({ text: "agent: { memory: 256MiB }" }).config.memory).toBe(256 * 1024 ** 2);
    expect(mistakesIn("agent: { memory: 5MiB }")).toContain(
      "is too little for Node: 64MiB or more",
    );
  });

  it("say when an agent is to take jobs, in the words of --require", () => {
    const clauses = [
      { name: "on_mains", args: [] },
      { name: "battery_above", args: [30] },
    ];

    expect(load({ text: 'onlyWhen: [on_mains, "battery_above(30)"]' }).config.onlyWhen).toEqual(
      clauses,
    );
    expect(load({ text: "onlyWhen: on_mains" }).config.onlyWhen).toEqual(clauses.slice(0, 1));
    expect(load().config.onlyWhen).toEqual([]);
    const mistakes = mistakesIn("onlyWhen:\n  - on_mians\n  - battery_above(200)\n");
    expect(mistakes).toContain(":2:5: onlyWhen.0");
    expect(mistakes).toContain("Did you mean on_mains?");
    expect(mistakes).toContain(":3:5: onlyWhen.1");
    expect(mistakes).toContain("wants a percentage from 0 to 100, got 200");
  });

  it("choose boards and persistence by one line each", () => {
    const { config } = load({
      text: "board: consul\npersistence: mysql://jr:secret@db:3306/jobrunner\n",
    });

    expect(config.board).toBe("consul://127.0.0.1:8500/jobrunner");
    expect(config.persistence).toBe("mysql://jr:secret@db:3306/jobrunner");
    expect(load({ text: "board: redis\npersistence: mysql://h/d" }).config.board).toBe(
      "redis://127.0.0.1:6379",
    );
  });

  it("say more about boards as an object", () => {
    const text = `
board: { url: rediss://nas:6380, prefix: "home:" }
persistence: { kind: mysql, url: mysql://h/d }
`;
    expect(load({ text }).config.board).toBe("rediss://nas:6380?prefix=home%3A");
  });

  it("take the address of Consul from its own place or Consul's variables", () => {
    const text = "board: consul\npersistence: mysql://h/d\n";
    const env = {
      CONSUL_HTTP_ADDR: "https://consul:8501",
      CONSUL_HTTP_TOKEN: "t",
      CONSUL_CACERT: "/ca",
    };

    expect(load({ text, env }).config.board).toBe(
      "consul+https://consul:8501/jobrunner?token=t&ca-file=%2Fca",
    );
    expect(load({ text: `${text}consul: { address: http://own:8500 }` }).config.board).toBe(
      "consul://own:8500/jobrunner",
    );
  });

  it("win by nearness: environment over file, flags over both", () => {
    const text = "agent: { name: file, slots: 1 }\ndrain: { timeout: 5s }\n";
    const env = { JOBRUNNER_AGENT__SLOTS: "2", JOBRUNNER_DRAIN__TIMEOUT: "7s" };

    expect(load({ text, env, flags: { slots: "3" } }).config).toMatchObject({
      name: "file",
      slots: 3,
      drainTimeoutMs: 7_000,
    });
  });

  it("of another kind replace all of the first", () => {
    const text = "board: { kind: redis, prefix: 'a:' }\npersistence: mysql://h/d\n";

    expect(load({ text, flags: { board: "consul" } }).config.board).toBe(
      "consul://127.0.0.1:8500/jobrunner",
    );
  });

  it("may name files of their own", () => {
    const { config } = load({ flags: { database: "sqlite:/data/jobs.db" } });

    expect(config).toMatchObject({
      board: "sqlite:/data/jobs.db",
      persistence: "sqlite:/data/jobs.db",
    });
  });

  it("of systemd's directory are read before the user's, conf.d by name", () => {
    const system = tempDir();
    mkdirSync(join(system, "conf.d"));
    writeFileSync(join(system, "config.yaml"), "agent: { name: a, slots: 1, runner: thread }");
    writeFileSync(join(system, "conf.d", "20-b.yaml"), "agent: { name: b }");
    writeFileSync(join(system, "conf.d", "10-c.yaml"), "agent: { name: c, slots: 5 }");
    const env = { CONFIGURATION_DIRECTORY: system };

    const { config } = load({ env, text: "agent: { runner: process }" });

    expect(config).toMatchObject({ name: "b", slots: 5, runner: "process" });
  });
});

describe("secrets", () => {
  it("are read from a file, the environment or systemd, and never shown", () => {
    const directory = tempDir();
    writeFileSync(join(directory, "url"), "mysql://jr:hidden@db/jobrunner\n", { mode: 0o600 });
    const text = `
board: { kind: redis, url: { env: R } }
persistence: { kind: mysql, url: { credential: url } }
`;
    const env = { R: "redis://:hidden@nas", CREDENTIALS_DIRECTORY: directory };
    const loaded = load({ text, env });

    expect(loaded.config.persistence).toBe("mysql://jr:hidden@db/jobrunner");
    expect(loaded.config.board).toBe("redis://:hidden@nas");
    expect(JSON.stringify(describeConfig(loaded))).not.toContain("hidden");
    expect(loaded.warnings).toEqual([]);
  });

  it("in a file that others can read are used with a warning", () => {
    const file = join(tempDir(), "token");
    writeFileSync(file, "t", { mode: 0o644 });

    const { warnings } = load({ text: `consul: { token: { file: ${file} } }` });

    expect(warnings).toEqual([`${file} can be read by others; chmod 600 ${file}`]);
  });

  it("that are not there are an error at their place", () => {
    expect(mistakesIn("consul:\n  token: { env: NOT_SET }\n")).toContain(
      "config.yaml:2:3: consul.token the environment has no NOT_SET",
    );
  });
});

describe("mistakes", () => {
  it("are told all at once, with line, column and what was meant", () => {
    const text = `agent:
  nmae: nas
  slots: many
board: consull
drain: { timeout: 10 }
`;
    expect(mistakesIn(text)).toBe(`the configuration is wrong
config.yaml:2:3: agent.nmae is not a setting; did you mean name?
   2 |   nmae: nas
     |   ^
config.yaml:3:10: agent.slots "many" is not a whole number from 1 to 1000
   3 |   slots: many
     |          ^
config.yaml:4:8: board.kind must be one of embedded, redis, consul; did you mean consul?
   4 | board: consull
     |        ^
config.yaml:5:19: drain.timeout 10 is not a duration: write it as 30s, 500ms or 1h30m
   5 | drain: { timeout: 10 }
     |                   ^`);
  });

  it("of YAML itself have their place", () => {
    expect(mistakesIn("agent: {\n  name: x\n")).toMatch(/^config\.yaml:\d+:\d+: /m);
    expect(mistakesIn("- a\n")).toContain("write `key: value`");
  });

  it("of flags and variables name them", () => {
    expect(mistakesIn("", { flags: { name: "No Name" } })).toContain(
      '--name: "No Name" is not a name',
    );
    expect(mistakesIn("", { env: { JOBRUNNER_AGENT__SLOTS: "0" } })).toContain(
      "JOBRUNNER_AGENT__SLOTS: 0 ",
    );
    expect(mistakesIn("", { env: { JOBRUNNER_BORD: "redis" } })).toContain(
      "JOBRUNNER_BORD: is not a setting; did you mean JOBRUNNER_BOARD?",
    );
  });

  it("are not made of variables of others", () => {
    expect(load({ env: { JOBRUNNER_ADDR: "x", JOBRUNNER_PROPERTY_FLOWS: "5" } }).warnings).toEqual(
      [],
    );
  });

  it("are boards of many machines with jobs in a file of one", () => {
    expect(mistakesIn("board: redis\n")).toContain("add `persistence: mysql`");
    expect(mistakesIn("board: consul\npersistence: embedded\n")).toContain(
      "config.yaml:2:14: persistence",
    );
  });

  it("are a database nobody can find, and an address that others reach", () => {
    expect(mistakesIn("persistence: mysql\n")).toContain("needs the address of the database");
    expect(mistakesIn("api: { listen: 0.0.0.0:7463 }\n")).toContain("whoever can post runs code");
    expect(mistakesIn("api: { listen: 0.0.0.0:7463, token: short }\n")).toContain("easy to guess");
    expect(mistakesIn("api: { token: hunter2 }\n").split("\n")[1]).not.toContain("hunter2");
    expect(
      load({ text: `api: { listen: "[::]:1", token: ${"x".repeat(16)} }` }).config,
    ).toMatchObject({
      host: "[::]",
      token: "x".repeat(16),
    });
    expect(mistakesIn("api: { listen: host:70000 }\n")).toContain("127.0.0.1:7463");
  });

  it("never show what is secret, however it is written", () => {
    const texts = [
      "api: { token: hunter2 }",
      "api: { listen: nowhere, token: hunter2 }",
      "persistence: mysqll://jr:hunter2@db/jobrunner",
      "board: { kind: redis, url: 'redis:/jr:hunter2@nas' }",
      'board: { kind: rediss, url: "redis://jr:hunter2@nas" }',
      "consul: { address: nowhere, token: hunter2 }",
      "api: { tls: { cert: /none, key: hunter2 } }",
    ];
    for (const text of texts) {
      expect(mistakesIn(text), text).toContain("config.yaml:1:");
      expect(mistakesIn(text), text).not.toContain("hunter2");
    }
  });

  it("are files that are not there", () => {
    expect(() => loadConfig({ env: {}, file: "/nowhere/config.yaml" })).toThrow(
      "/nowhere/config.yaml: there is no such file",
    );
  });
});

describe("config show", () => {
  it("tells where each setting is written", () => {
    const loaded = load({
      text: "agent: { slots: 2 }\n",
      env: { JOBRUNNER_LOG: "debug" },
      flags: { lease: "3s" },
    });
    const shown = describeConfig(loaded).map(({ setting, value, source }) =>
      [setting, value, source?.replace(/^.*\//, "")].join(" "),
    );

    expect(shown).toContain("agent.slots 2 config.yaml:1:17");
    expect(shown).toContain("log.level debug JOBRUNNER_LOG");
    expect(shown).toContain("claim.lease 3s --lease");
    expect(shown).toContain("drain.timeout 1m ");
  });
});

interface Given {
  readonly text?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly flags?: RunFlags;
}

/** Loads with a home of its own; `text` is the user's file there. */
function load({ text, env = {}, flags = {} }: Given = {}): Loaded {
  const home = tempDir();
  mkdirSync(join(home, "jobrunner"));
  if (text !== undefined) writeFileSync(join(home, "jobrunner", "config.yaml"), text);
  // Named, so that a file of this machine's administrator is not read.
  const system = { CONFIGURATION_DIRECTORY: join(home, "none") };
  const places = { XDG_CONFIG_HOME: home, XDG_STATE_HOME: home, ...system };
  return loadConfig({ env: { ...places, ...env }, flags: flagSource(flags) });
}

function mistakesIn(text: string, given: Given = {}): string {
  try {
    load({ text, ...given });
  } catch (error) {
    if (hasCode(error, "USAGE")) return error.message.replaceAll(/^\/.*\/(?=config\.yaml)/gm, "");
    throw error;
  }
  return "none";
}
