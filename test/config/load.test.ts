import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { describeConfig } from "../../config/describe.js";
import { tempDir } from "../support/temp.js";
import { load, mistakesIn } from "./given.js";

describe("settings", () => {
  it("are complete when nobody wrote any", () => {
    const { config, files, warnings } = load();

    expect(config).toMatchObject({
      host: "127.0.0.1",
      port: 7463,
      board: expect.stringMatching(/^sqlite:\/.*\/jobrunner\/jobrunner\.db$/),
      leaseMs: 10_000,
      patienceMs: 300_000,
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

  it("name a range of ports whose free ones are told", () => {
    expect(load({ text: "agent: { freePorts: 9000-9010 }" }).config.freePorts).toEqual([
      9000, 9010,
    ]);
    expect(load({ text: "agent: { freePorts: 9000 }" }).config.freePorts).toEqual([9000, 9000]);
    expect(load({ env: { JOBRUNNER_AGENT__FREE_PORTS: "1-10000" } }).config.freePorts).toEqual([
      1, 10_000,
    ]);
    expect(mistakesIn("agent: { freePorts: 9-8 }")).toContain("lowest first");
    expect(mistakesIn("agent: { freePorts: 1-65536 }")).toContain("is not within 1-65535");
    expect(mistakesIn("agent: { freePorts: 1-65535 }")).toContain("is more than 10000 ports");
    expect(mistakesIn("agent: { freePorts: many }")).toContain("write it as 8000-8999");
    expect(mistakesIn("agent: { freePorts: [1] }")).toContain("write it as 8000-8999");
  });

  it("may be written as YAML invites to: numbers as tags, one address without brackets", () => {
    const { config } = load({
      text: "agent: { tags: { rack: 5, ssd: true } }\npeers: http://nas:7463\nflows: { dirs: /a }\n",
    });

    expect(config).toMatchObject({
      ...{ tags: { rack: "5", ssd: "true" }, peers: ["http://nas:7463"], flows: ["/a"] },
    });
    expect(load({ text: "flows: /b" }).config.flows).toEqual(["/b"]);
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
