import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCommand } from "../../scripts/lab/command.js";
import { freePort } from "../../scripts/lab/ports.js";
import { startAgent } from "../../scripts/lab/agents.js";
import { until } from "../../scripts/lab/until.js";
import { makeCertificate } from "../support/certificate.js";
import { tempDir } from "../support/temp.js";

const CLUSTER = "canary-7f3b-of-the-cluster";

describe("an agent with tokens and a certificate", () => {
  it("is asked over https by token, takes over revocations at SIGHUP, and tells no secret", async () => {
    const dir = tempDir();
    const { cert, key } = makeCertificate(dir, "agent");
    const home = join(dir, "home");
    mkdirSync(join(home, "jobrunner"), { recursive: true });
    const mine = { XDG_CONFIG_HOME: home, XDG_STATE_HOME: dir, JOBRUNNER_CA_FILE: cert };
    const created = await runCommand(["token", "create", "ci", "--scope", "post"], mine);
    const secret = created.stdout.trim();
    const file = join(dir, "config.yaml");
    writeFileSync(join(dir, "token"), CLUSTER, { mode: 0o600 });
    writeFileSync(
      file,
      `api:
  token: { file: ${join(dir, "token")} }
  tokens: { file: ${join(home, "jobrunner", "tokens")} }
  tls: { cert: ${cert}, key: ${key} }
log: { level: trace }
`,
    );
    const port = await freePort();
    await using agent = startAgent({
      ...{ name: "alpha", port, database: join(dir, "jobs.db"), stateHome: join(dir, "state") },
      args: ["--config", file],
    });
    const via = { JOBRUNNER_ADDR: `https://127.0.0.1:${port}` };
    const known = { ...mine, ...via, JOBRUNNER_TOKEN: secret };
    await until(() => agent.output().includes("agent ready"), { withinMs: 20_000 });

    const posted = await runCommand(["post", "hello", "--wait"], known);
    const cordoned = await runCommand(["agent", "cordon"], known);
    const stranger = await runCommand(["show"], { ...mine, ...via, JOBRUNNER_TOKEN: "x" });
    await runCommand(["token", "revoke", "ci"], mine);
    agent.signal("SIGHUP");
    await until(() => agent.output().includes("settings read again"), { withinMs: 5_000 });
    const revoked = await runCommand(["show"], known);
    const cluster = await runCommand(["show"], { ...known, JOBRUNNER_TOKEN: CLUSTER });
    const shown = await runCommand(["config", "show", "--config", file], mine);

    expect(posted).toMatchObject({ code: 0 });
    expect(cordoned).toMatchObject({ code: 4, stdout: "" });
    expect(cordoned.stderr).toContain("good for post, not for operate");
    expect([stranger.code, revoked.code, cluster.code]).toEqual([4, 4, 0]);
    expect(await statusWithout(`https://127.0.0.1:${port}/metrics`, cert)).toBe(401);
    const everything = [agent.output(), shown.stdout, stranger.stderr, revoked.stderr].join("\n");
    expect(everything).not.toContain(CLUSTER);
    expect(everything).not.toContain(secret);
    expect(everything).not.toContain("PRIVATE KEY");
    expect((await agent.stop()).code).toBe(0);
  });
});

function statusWithout(url: string, ca: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { ca: readFileSync(ca), agent: false };
    const outgoing = request(url, options, (incoming) => {
      incoming.resume().on("end", () => resolve(incoming.statusCode));
    });
    outgoing.on("error", reject).end();
  });
}
