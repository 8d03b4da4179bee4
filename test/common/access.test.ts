import { describe, expect, it } from "vitest";
import {
  allows,
  formatTokens,
  isScope,
  parseTokens,
  SCOPES,
  TOKENS_MAX,
} from "../../common/access.js";

const HASH = "a".repeat(64);

describe("a file of tokens", () => {
  it("is read as it was written", () => {
    const tokens = [
      { id: "ci", scope: "post", hash: HASH, expiresAt: "2027-01-31T18:00:00.000Z" },
      { id: "nas-1.read", scope: "read", hash: HASH },
    ] as const;

    expect(parseTokens(formatTokens(tokens))).toEqual(tokens);
  });

  it("may hold comments, empty lines and blanks", () => {
    expect(parseTokens(`# mine\n\n  ci\tadmin  ${HASH} -  \r\n`)).toEqual([
      { id: "ci", scope: "admin", hash: HASH },
    ]);
    expect(parseTokens("")).toEqual([]);
  });

  it.each([
    ["ci post", "wants id, scope, hash and expiry"],
    [`ci post ${HASH} - more`, "wants id, scope, hash and expiry"],
    [`CI post ${HASH} -`, "the id is not a name"],
    [`ci root ${HASH} -`, "the scope is none of read, post, operate, admin"],
    [`ci post secret-in-clear -`, "the hash is no SHA-256"],
    [`ci post ${HASH} tomorrow`, "the expiry is no time"],
  ])("is refused with the number of the line: %s", (line, what) => {
    expect(() => parseTokens(`# one\n${line}\n`)).toThrow(`line 2: ${what}`);
    expect(() => parseTokens(line)).not.toThrow("secret-in-clear");
  });

  it("is refused when a name stands for two tokens, or when there are too many", () => {
    const line = (id: string): string => `${id} read ${HASH} -`;
    const many = Array.from({ length: TOKENS_MAX + 1 }, (_, n) => line(`t${n}`));

    expect(() => parseTokens([line("a"), line("a")].join("\n"))).toThrow("line 2: there are two");
    expect(() => parseTokens(many.join("\n"))).toThrow("more than 1000 tokens");
  });
});

describe("a scope", () => {
  it("allows what those before it do", () => {
    const allowed = SCOPES.map((given) => SCOPES.filter((wanted) => allows(given, wanted)));

    expect(allowed.map(({ length }) => length)).toEqual([1, 2, 3, 4]);
    expect(isScope("post")).toBe(true);
    expect(isScope("root")).toBe(false);
  });
});
