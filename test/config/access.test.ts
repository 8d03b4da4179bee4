import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatTokens } from "../../common/access.js";
import { describeConfig } from "../../config/describe.js";
import { loadConfig, type Loaded } from "../../config/load.js";
import { type Certificate, makeCertificate } from "../support/certificate.js";

const HASH = "0123456789abcdef".repeat(4);
const dir = mkdtempSync(join(tmpdir(), "jobrunner-access-"));
const tokens = join(dir, "tokens");
let certificate: Certificate;

beforeAll(() => {
  certificate = makeCertificate(dir, "nas-1");
  writeFileSync(tokens, formatTokens([{ id: "ci", scope: "post", hash: HASH }]), { mode: 0o600 });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function load(text: string): Loaded {
  const file = join(dir, "config.yaml");
  writeFileSync(file, text);
  return loadConfig({ file, env: { HOME: dir, XDG_STATE_HOME: dir } });
}

const TOKEN = "  token: correct-horse-battery\n";

describe("settings of who may ask", () => {
  it("name a file of tokens, of which nothing is shown", () => {
    const loaded = load(`api:\n${TOKEN}  tokens: { file: ~/tokens }\n`);

    expect(loaded.config.tokens).toEqual([{ id: "ci", scope: "post", hash: HASH }]);
    expect(JSON.stringify(describeConfig(loaded))).not.toContain(HASH);
  });

  it("want the shared token beside it, and a file that is one", () => {
    expect(() => load("api:\n  tokens: { file: ~/tokens }\n")).toThrow(
      "api.tokens needs api.token as well",
    );
    writeFileSync(join(dir, "bad"), "hunter2-hunter2\n");
    const bad = (): Loaded => load(`api:\n${TOKEN}  tokens: { file: ~/bad }\n`);
    expect(bad).toThrow(":3:3: api.tokens is no file of tokens: line 1: wants id, scope");
    expect(bad).not.toThrow("hunter2");
  });

  it("name a certificate with its key, or take them from secrets", () => {
    const { cert, key } = certificate;
    chmodSync(key, 0o600);
    const expected = { cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") };

    const named = load(`api:\n  tls: { cert: ${cert}, key: ${key} }\n  ca: ${cert}\n`);
    const kept = load(`api:\n  tls: { cert: ${cert}, key: { file: ${key} } }\n`);

    expect(named.config.tls).toEqual(expected);
    expect(named.config.ca).toBe(expected.cert);
    expect(named.warnings).toEqual([]);
    expect(kept.config.tls?.key.trim()).toBe(expected.key.trim());
    expect(JSON.stringify(describeConfig(named))).not.toContain("PRIVATE KEY");
  });

  it("say what is wrong with them, and warn of a key that others can read", () => {
    const { cert, key } = certificate;
    const other = makeCertificate(dir, "other");
    chmodSync(other.key, 0o644);

    expect(() => load(`api:\n  tls: { cert: ${cert}, key: ${other.key} }\n`)).toThrow(
      "api.tls is no certificate with its key",
    );
    expect(() => load(`api:\n  tls: { cert: ${cert}.no, key: ${key} }\n`)).toThrow(
      "api.tls.cert is no file that can be read: ENOENT",
    );
    const { warnings } = load(`api:\n  tls: { cert: ${other.cert}, key: ${other.key} }\n`);
    expect(warnings.join()).toContain("can be read by others; chmod 600");
  });
});
