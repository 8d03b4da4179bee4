import { describe, expect, it } from "vitest";
import { changedSettings, describeConfig, describeParts } from "../../config/describe.js";
import { keysUnder } from "../../config/schema.js";
import { type Given, load } from "./given.js";

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

  it("tells the source of a setting, never that of its neighbour", () => {
    const sources = sourcesOf({
      text: "agent: { name: nas }\nretention: { days: 3 }\nfacts: { battery: 80 }\n",
      env: { JOBRUNNER_AGENT__MEMORY: "1GiB", JOBRUNNER_RETENTION__JOBS: "5" },
    });

    expect(sources).toMatchObject({
      "agent.name": "nas (config.yaml:1:16)",
      "agent.slots": expect.stringMatching(/^\d+ \(default\)$/),
      "agent.runner": "process (default)",
      "agent.memory": "1 GiB (JOBRUNNER_AGENT__MEMORY)",
      "agent.freePorts": "8000-8999 (default)",
      "retention.days": "3 (config.yaml:2:20)",
      "retention.jobs": "5 (JOBRUNNER_RETENTION__JOBS)",
      "retention.bytes": "1 GiB (default)",
      facts: "battery=80 (config.yaml:3:1)",
    });
  });

  it("tells every source of what is put together from several, and no value that was replaced", () => {
    const redis = "board: { kind: redis, url: redis://nas }\npersistence: mysql://h/d\n";

    expect(sourcesOf({ text: redis, flags: { board: "consul" } })["board"]).toBe(
      "consul://127.0.0.1:8500/jobrunner (--board)",
    );
    expect(
      sourcesOf({ text: "agent: { tags: { a: 1 } }", flags: { tag: { b: "2" } } })["agent.tags"],
    ).toBe("a=1 b=2 (config.yaml:1:10, --tag)");
  });

  it("tells which variable of another program decided, unless a setting says it", () => {
    const env = {
      ...{ REDIS_URL: "redis://nas", DATABASE_URL: "mysql://u:pw@h/d" },
      ...{ CONSUL_HTTP_ADDR: "nas:8500", CONSUL_HTTP_TOKEN: "hidden" },
    };
    const shared = sourcesOf({ text: "board: redis\npersistence: mysql\n", env });
    const consul = sourcesOf({ text: "board: consul\npersistence: mysql\n", env });

    expect(shared).toMatchObject({
      ...{ board: "redis://nas (config.yaml:1:8, REDIS_URL)", consul: " (default)" },
      "board.url": "redis://nas (REDIS_URL)",
      "board.kind": "redis (config.yaml:1:8)",
      persistence: "mysql://u:***@h/d (config.yaml:2:14, DATABASE_URL)",
      "consul.address": " (default)",
    });
    expect(consul).toMatchObject({
      board: "consul://nas:8500/jobrunner?token=*** (config.yaml:1:8, CONSUL_HTTP_ADDR)",
      consul: "consul://nas:8500/jobrunner?token=*** (CONSUL_HTTP_ADDR, CONSUL_HTTP_TOKEN)",
      "consul.token": "*** (CONSUL_HTTP_TOKEN)",
      "consul.address": "http://nas:8500 (CONSUL_HTTP_ADDR)",
    });
    const written = sourcesOf({ text: "consul: { address: http://me:1, token: hidden }\n", env });
    expect(written["consul.address"]).toBe("http://me:1 (config.yaml:1:20)");
    expect(written["consul.token"]).toBe("*** (config.yaml:1:40)");
    expect(sourcesOf({ text: "board: embedded\n", env })["board"]).toMatch(/\(config.yaml:1:8\)$/);
  });

  it("knows every setting that there is, by its name", () => {
    const known = Object.keys(sourcesOf({ text: "board: sqlite:/b.db\n" }));
    const leaves = (path: readonly string[]): readonly string[] => {
      const keys = keysUnder(path);
      return keys.length === 0 ? [path.join(".")] : keys.flatMap((key) => leaves([...path, key]));
    };
    const all = leaves([]);

    expect(all.length).toBeGreaterThan(30);
    expect(all.filter((setting) => !known.includes(setting))).toEqual([]);
  });

  it("keeps secrets among tags and facts to itself", () => {
    const text = "agent: { tags: { key: { env: KEY } } }\nfacts: { kernel: { env: KEY } }\n";
    const shown = JSON.stringify(describeConfig(load({ text, env: { KEY: "hidden" } })));

    expect(shown).not.toContain("hidden");
    expect(shown).toContain("key=***");
  });
});

describe("settings read again", () => {
  const token = (letter: string): string => `api: { token: ${letter.repeat(20)} }\n`;

  it("differ when what is shown of them does not", () => {
    const before = load({
      text: `${token("a")}persistence: mysql://u:one@h/d\nboard: sqlite:/b.db\n`,
    });
    const after = load({
      text: `${token("b")}persistence: mysql://u:two@h/d\nboard: sqlite:/b.db\n`,
    });

    expect([...changedSettings(before, after)]).toEqual([
      ["api.token", "***"],
      ["persistence", "mysql://u:***@h/d"],
    ]);
    expect([...changedSettings(after, after)]).toEqual([]);
  });

  it("differ by the facts that the owner adds", () => {
    const flags = { database: "/d.db" };
    const after = load({ text: "facts: { battery: 80 }\n", flags });

    expect([...changedSettings(load({ flags }), after)]).toEqual([["facts", "battery=80"]]);
  });
});

function sourcesOf(given: Given): Readonly<Record<string, string>> {
  const loaded = load(given);
  const all = [...describeConfig(loaded), ...describeParts(loaded)];
  const rows = all.map(({ setting, value, source = "default" }) => {
    return [setting, `${value} (${source.replaceAll(/\/[^, ]*\//g, "")})`] as const;
  });
  return Object.fromEntries(rows);
}
