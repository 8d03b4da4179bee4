import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openBoard } from "../../boards/open.js";
import { parseRedisUrl } from "../../boards/redis/address.js";
import { adviceOn } from "../../boards/redis/advice.js";
import { tempDir } from "../support/temp.js";

describe("the URL of a Redis board", () => {
  it("needs no more than a host", () => {
    expect(parseRedisUrl("redis://nas")).toEqual({
      ...{ host: "nas", port: 6379, db: 0, prefix: "{jobrunner}:" },
    });
  });

  it("may name port, database, user, password and prefix", () => {
    expect(parseRedisUrl("redis://me:p%40ss@[::1]:7000/3?prefix=home:lab")).toEqual({
      ...{ host: "::1", port: 7000, db: 3, prefix: "{home:lab}:" },
      ...{ username: "me", password: "p@ss" },
    });
    expect(parseRedisUrl("redis://:secret@nas")).toMatchObject({ password: "secret" });
  });

  it("asks for TLS with rediss:, with certificates of a file", () => {
    const ca = join(tempDir(), "ca.crt");
    writeFileSync(ca, "certificates");

    expect(parseRedisUrl("rediss://nas")).toMatchObject({ tls: {} });
    expect(parseRedisUrl(`rediss://nas?ca=${ca}`)).toMatchObject({ tls: { ca: "certificates" } });
  });

  it.each([
    ["redis://", "names no host"],
    ["redis:nas", "names no host"],
    ["redis://nas/jobs", '"jobs"'],
    ["redis://nas?prefix=a{b}", "?prefix="],
    ["redis://nas?prefix=", "?prefix="],
    ["redis://nas?tls=1", "?tls="],
    ["redis://nas?ca=/ca.crt", "rediss: only"],
    ["rediss://nas?ca=/does/not/exist", "cannot be read"],
  ])("%s is refused with the form to write", (url, message) => {
    expect(() => parseRedisUrl(url)).toThrow(
      expect.objectContaining({
        ...{ code: "USAGE", message: expect.stringContaining(message) as string },
        hint: expect.stringContaining("redis://") as string,
      }) as Error,
    );
  });

  it("is refused before anything is opened", async () => {
    await expect(openBoard("redis://nas?what=1", { leaseMs: 1_000 })).rejects.toMatchObject({
      code: "USAGE",
    });
    await expect(openBoard("redys://nas", { leaseMs: 1_000 })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});

describe("the advice on a Redis", () => {
  const fine = { redis_version: "7.0.15", aof_enabled: "1", maxmemory_policy: "noeviction" };
  const adviceFor = (more: Record<string, string>): readonly string[] =>
    adviceOn(new Map(Object.entries({ ...fine, ...more })));

  it("is none for what is tested, or is not known", () => {
    expect(adviceFor({})).toEqual([]);
    expect(adviceFor({ redis_version: "6.2.0" })).toEqual([]);
    expect(adviceFor({ maxmemory_policy: "volatile-lru" })).toEqual([]);
    expect(adviceOn(new Map())).toEqual([]);
  });

  it("names each thing to change", () => {
    expect(adviceFor({ redis_version: "6.0.16" })).toEqual([expect.stringContaining("6.0.16")]);
    expect(adviceFor({ aof_enabled: "0" })).toEqual([expect.stringContaining("appendonly yes")]);
    expect(adviceFor({ maxmemory_policy: "allkeys-lfu" })).toEqual([
      expect.stringContaining("allkeys-lfu"),
    ]);
  });
});
