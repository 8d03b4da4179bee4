import { describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.js";
import { load, mistakesIn } from "./given.js";

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

  it("are told at once also where some are those of a whole, and none is made up", () => {
    const mistakes = mistakesIn(`agent: { slots: many }
api: { listen: 0.0.0.0:7463, ca: /nowhere/ca.pem }
board: redis
hooks:
  - { on: [FAILURE], url: https://a.example, timeLimit: 1s }
  - { on: [SUCCESS], url: https://a.example, timeLimit: 2s }
`);
    const wrong = mistakesIn(`api: { listen: 0.0.0.0:7463, tokn: x }
board: redis
persistence: { kind: mysql, ulr: x }
`);

    for (const words of [
      "agent.slots",
      "api.listen can be reached",
      "api.ca is no file",
      "board cannot be",
      "hooks.1.url is that of hooks.0",
    ]) {
      expect(mistakes).toContain(words);
    }
    expect(wrong.match(/^config\.yaml:/gm)).toHaveLength(2);
    expect(wrong).toContain("api.tokn is not a setting");
    expect(wrong).toContain("persistence.ulr is not a setting");
  });

  it("are told in our words, whatever was written", () => {
    const text = `agent: { tags: { a: [] }, name: 5, memory: {} }
api: 5
peers: 7
flows: { dirs: { a: 1 } }
board: 5
consul: { token: { file: a, env: b } }
log: { level: 3 }
onlyWhen: [7]
facts: []
`;
    const mistakes = mistakesIn(text);

    expect(mistakes).not.toMatch(/Invalid|expected|received|Too small/);
    for (const words of [
      "agent.tags.a is not a text, a number, true or false",
      "agent.name 5 is not a text",
      "agent.memory is not an amount of bytes such as 1GiB",
      "api 5 has settings of its own: write them below it",
      "peers 7 is not a list: write it as [one, two]",
      "flows.dirs is not a list",
      "board must be one of embedded, redis, consul",
      "consul.token is a text, or one of { file: PATH }, { env: NAME }, { credential: NAME }",
      "log.level must be one of trace,",
      "onlyWhen.0 7 is not a text",
      "facts has names of your own",
    ]) {
      expect(mistakes).toContain(words);
    }
    expect(mistakesIn("flows: ['']")).toContain("is empty");
  });

  it("have no follow-ups where a secret could not be read", () => {
    const token = "api: { listen: 0.0.0.0:7463, token: { file: /nowhere/token } }\n";
    const url = "persistence: { kind: mysql, url: { file: /nowhere/url } }\n";
    const mistakes = mistakesIn(token + url);

    expect(mistakes.match(/cannot read/g)).toHaveLength(2);
    expect(mistakes).not.toContain("add `token:");
    expect(mistakes).not.toContain("needs the address");
  });

  it("hide no others when a key is there twice, and invent none when YAML ends early", () => {
    const twice = mistakesIn("agent: { slots: 1, slots: 2 }\nbord: redis\n");
    const broken = mistakesIn("persistence: mysql\nagent: {", {
      env: { JOBRUNNER_BOARD: "redis" },
    });

    expect(twice).toContain("unique");
    expect(twice).toContain("bord is not a setting; did you mean board?");
    expect(broken).not.toContain("persistence");
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
    for (const [name, meant] of [
      ["JOBRUNNER_DRAIN__TIMEOT", "did you mean JOBRUNNER_DRAIN__TIMEOUT?"],
      ["JOBRUNNER_DRAINN__TIMEOUT", "did you mean JOBRUNNER_DRAIN__TIMEOUT?"],
      ["JOBRUNNER_AGENT__FREEPORT", "did you mean JOBRUNNER_AGENT__FREE_PORTS?"],
      ["JOBRUNNER_LOG__X", "there are JOBRUNNER_LOG__LEVEL"],
      ["JOBRUNNER_AGENT__TAGS__ROOM", "what it is to hold stands in JOBRUNNER_AGENT__TAGS"],
    ] as const) {
      expect(mistakesIn("", { env: { [name]: "1" } })).toContain(
        `${name}: is not a setting; ${meant}`,
      );
    }
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
      "persistence: mysql//jr:hunter2@db/jobrunner",
      "persistence: mysql:jr:hunter2@db/jobrunner",
      "board: 'redis//:hunter2@nas'",
      "board: redis//jr:hun/ter2:hunter2@nas",
      "peers: [http//jr:hunter2@nas]",
      "api: { advertise: 'nas:hunter2@nas:1' }",
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
