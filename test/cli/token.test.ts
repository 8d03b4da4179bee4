import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { parseTokens } from "../../common/access.js";
import { createToken, listTokens, revokeToken } from "../../cli/commands/token.js";
import { tempDir } from "../support/temp.js";

const DAY_MS = 86_400_000;

afterEach(() => vi.restoreAllMocks());

/** What a command writes to stdout. */
async function printed(run: () => Promise<number>): Promise<string> {
  const chunks: string[] = [];
  const out = vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    chunks.push(String(chunk));
    return true;
  });
  const err = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  expect(await run()).toBe(0);
  out.mockRestore();
  err.mockRestore();
  return chunks.join("");
}

describe("jobrunner token", () => {
  it("prints the secret once, and keeps its hash in a file of its owner's", async () => {
    const file = join(tempDir(), "sub", "tokens");
    const secret = (
      await printed(() => createToken("ci", { scope: "post", expires: 90 * DAY_MS, file }))
    ).trim();

    const text = readFileSync(file, "utf8");
    const [token] = parseTokens(text);
    expect(secret).toMatch(/^jr_[\w-]{43}$/);
    expect(text).not.toContain(secret);
    expect(token).toMatchObject({ id: "ci", scope: "post", hash: sha256(secret) });
    expect(Date.parse(token?.expiresAt ?? "") - Date.now()).toBeGreaterThan(89 * DAY_MS);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it("lists them without their secrets, and revokes them", async () => {
    const file = join(tempDir(), "tokens");
    await printed(() => createToken("a", { scope: "read", file }));
    await printed(() => createToken("b", { scope: "admin", expires: 1, file }));
    const listed = await printed(() => listTokens({ file, output: "json" }));
    await printed(() => revokeToken("a", { file }));

    expect(JSON.parse(listed)).toMatchObject([
      { id: "a", scope: "read", expired: false },
      { id: "b" },
    ]);
    expect(listed).not.toContain("hash");
    expect((await printed(() => listTokens({ file, output: "name" }))).trim()).toBe("b");
    expect(await printed(() => listTokens({ file }))).toMatch(/^b\tadmin\t/);
    expect((await printed(() => listTokens({ file, output: "jsonl" }))).split("\n")).toHaveLength(
      2,
    );
  });

  it("refuses what it cannot do, and changes nothing", async () => {
    const file = join(tempDir(), "tokens");
    await printed(() => createToken("ci", { scope: "post", file }));
    const before = readFileSync(file, "utf8");

    await expect(createToken("ci", { scope: "read", file })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    await expect(createToken("x", { scope: "root", file })).rejects.toThrow("none of read, post");
    await expect(createToken("No!", { scope: "read", file })).rejects.toThrow("not a name");
    await expect(revokeToken("cd", { file })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  it("leaves a file alone that another command changes, or that is none of tokens", async () => {
    const file = join(tempDir(), "tokens");
    writeFileSync(`${file}.new`, "");
    await expect(createToken("a", { scope: "read", file })).rejects.toMatchObject({
      code: "CONFLICT",
    });
    const other = join(tempDir(), "tokens");
    writeFileSync(other, "plain-secret\n");

    await expect(createToken("a", { scope: "read", file: other })).rejects.toThrow("line 1");
    expect(readFileSync(other, "utf8")).toBe("plain-secret\n");
  });
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
