import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRedisBoard } from "../../boards/redis/board.js";
import { type BoardUnderTest, put } from "../contracts/board/subject.js";
import { testJobBoard } from "../contracts/board.js";
import { LEASE_MS, privateRedis, rawRedis, shiftLater } from "../contracts/redis.js";
import { type SecureRedis, startSecureRedis } from "../contracts/secure-redis.js";
import { closing } from "../contracts/sqlite.js";

const PAGE = join(import.meta.dirname, "..", "..", "docs", "boards.md");

const dir = mkdtempSync(join(tmpdir(), "jobrunner-secure-redis-"));
let secure: SecureRedis;

beforeAll(async () => {
  secure = await startSecureRedis(dir);
});
afterAll(async () => {
  await secure[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

/** The line of the page, exactly. */
function documentedUser(): readonly string[] {
  const line = /^ACL SETUSER jobrunner .*$/m.exec(readFileSync(PAGE, "utf8"))?.[0];
  if (line === undefined) throw new Error("docs/boards.md names no user");
  return line.split(" ");
}

async function withUser(plainUrl: string): Promise<void> {
  const [command = "", ...args] = documentedUser();
  expect(await rawRedis(plainUrl).call(command, ...args)).toBe("OK");
}

/** The board over TLS, as the user of docs/boards.md. */
async function openSecure(): Promise<BoardUnderTest> {
  const { plainUrl, host, tlsPort, ca } = secure;
  await rawRedis(plainUrl).flushall();
  await withUser(plainUrl);
  const url = `rediss://jobrunner:SECRET@${host}:${String(tlsPort)}?ca=${ca}`;
  const open = async () => closing(await openRedisBoard(url, { leaseMs: LEASE_MS }));
  const advance = (ms: number): Promise<void> => shiftLater(plainUrl, "jobrunner", ms);
  return { board: await open(), other: await open(), advance, slackMs: 2_000 };
}

describe("the Redis board over TLS, as the user that docs/boards.md describes", () =>
  testJobBoard(openSecure));

describe("a Redis that refuses", () => {
  const opening = (url: string) => openRedisBoard(url, { leaseMs: LEASE_MS });

  it("is BOARD_DOWN when its certificate is not signed by those that are trusted", async () => {
    const url = `rediss://${secure.host}:${String(secure.tlsPort)}`;

    const down = { code: "BOARD_DOWN", message: expect.stringMatching(/certificate/i) as string };
    await expect(opening(url)).rejects.toMatchObject(down);
    await expect(opening(`${url}?ca=${secure.otherCa}`)).rejects.toMatchObject(down);
    await (await opening(`${url}?ca=${secure.ca}`))[Symbol.asyncDispose]();
  });

  it("is BOARD_DOWN with a hint when the password is wrong, and never shows it", async () => {
    const { plainUrl } = await privateUser();

    const error = await opening(plainUrl.replace("//", "//jobrunner:wrong-one@")).catch(
      (reason: unknown) => reason,
    );

    expect(error).toMatchObject({ code: "BOARD_DOWN", hint: expect.stringContaining("password") });
    expect(String(error)).not.toContain("wrong-one");
  });

  it("keeps that user away from every other key and channel", async () => {
    const { plainUrl } = await privateUser();
    const url = plainUrl.replace("//", "//jobrunner:SECRET@");

    await expect(opening(`${url}?prefix=other`)).rejects.toMatchObject({
      code: "BOARD_DOWN",
      hint: expect.stringContaining("docs/boards.md") as string,
    });
    const client = rawRedis(url);
    await expect(client.get("other")).rejects.toThrow("NOPERM");
    await expect(client.flushall()).rejects.toThrow("NOPERM");
    await expect(client.config("GET", "*")).rejects.toThrow("NOPERM");
  });

  it("is BOARD_DOWN when nothing listens there", async () => {
    await expect(opening("redis://127.0.0.1:1")).rejects.toMatchObject({ code: "BOARD_DOWN" });
  });
});

describe("the advice at the opening", () => {
  const adviceOf = async (args: readonly string[]): Promise<readonly string[]> => {
    const advice: string[] = [];
    const { url } = await privateRedis({ args });
    const warn = (text: string): void => void advice.push(text);
    const board = closing(await openRedisBoard(url, { leaseMs: LEASE_MS, warn }));
    await put(board);
    return advice;
  };

  it("is none when the server is set up as it should be", async () => {
    expect(await adviceOf([])).toEqual([]);
    expect(await adviceOf(["--maxmemory", "100mb"])).toEqual([]);
  });

  it("names a missing append-only file and a policy that drops keys", async () => {
    const advice = await adviceOf([
      ...["--appendonly", "no", "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru"],
    ]);

    expect(advice).toEqual([
      expect.stringContaining("appendonly yes"),
      expect.stringContaining("maxmemory-policy noeviction"),
    ]);
  });
});

async function privateUser(): Promise<{ readonly plainUrl: string }> {
  const { url } = await privateRedis();
  await withUser(url);
  return { plainUrl: url };
}
