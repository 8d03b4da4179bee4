import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defaultAgentName } from "../../config/complete.js";
import { loadConfig } from "../../config/load.js";
import { tempDir } from "../support/temp.js";

const FOLDER = join(import.meta.dirname, "../../deploy/config");
const SECRETS = {
  token: "the-token-of-all-machines",
  "mysql-url": "mysql://jobrunner:secret@db.lan/jobrunner",
  "alert-url": "https://alerts.example.org/T0/secret",
  "alert-secret": "what-alerts-are-signed-with",
  "redis-url": "rediss://jobrunner:secret@redis.lan:6380",
  "consul-token": "11111111-2222-3333-4444-555555555555",
};

const ON_MAINS = [
  { name: "on_mains", args: [] },
  { name: "battery_above", args: [30] },
];

describe("the example of settings for", () => {
  it.each([
    ["laptop", { board: "redis://nas.lan:6379", slots: 2, onlyWhen: ON_MAINS }],
    ["phone", { runner: "thread", memory: 128 * 1024 ** 2, onlyWhen: ON_MAINS }],
    ["server", { board: SECRETS["redis-url"], slots: 16, token: SECRETS.token }],
    ["decentralised", { board: expect.stringMatching(/^consul:/) as string, host: "0.0.0.0" }],
  ])("a %s is taken without a word", (name, wanted) => {
    const dir = tempDir();
    for (const [file, text] of Object.entries(SECRETS)) {
      writeFileSync(join(dir, file), text, { mode: 0o600 });
    }
    const file = join(dir, "config.yaml");
    const text = readFileSync(join(FOLDER, `${name}.yaml`), "utf8");
    writeFileSync(file, text.replaceAll(/(~\/\.config|\/etc)\/jobrunner(?=\/[a-z-]+ *\})/g, dir));

    const { config, warnings } = loadConfig({
      env: { XDG_STATE_HOME: dir, CREDENTIALS_DIRECTORY: dir, JOBRUNNER_CONFIG: file },
    });

    expect(warnings).toEqual([]);
    expect(config).toMatchObject({ ...wanted, persistence: SECRETS["mysql-url"] });
    // It is copied to many machines: a name in it would be the same on all of them.
    expect(config.name).toBe(defaultAgentName());
  });

  it("every kind of machine is tested here", () => {
    expect(readdirSync(FOLDER).sort()).toEqual(
      ["alone", "decentralised", "laptop", "phone", "server"].map((name) => `${name}.yaml`),
    );
  });
});
