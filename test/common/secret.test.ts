import { describe, expect, it } from "vitest";
import { maskedParams, redacted, redactorOf } from "../../common/text/secret.js";

function taken(value: Parameters<typeof redactorOf>[0][string], text: string): string {
  return redactorOf({ secret: value }, ["secret"])?.(text) ?? text;
}

describe("parameters that are secret", () => {
  it("are shown as ***, whatever they are", () => {
    const params = { user: "ann", password: "x", keys: ["a"], pin: 1 };

    expect(maskedParams(params, ["password", "keys", "pin", "missing"])).toEqual({
      ...{ user: "ann", password: "***", keys: "***", pin: "***" },
    });
    expect(maskedParams(params)).toEqual(params);
  });

  it("are taken out of texts, wherever they stand", () => {
    expect(taken("hunter2", "login ann:hunter2@host, hunter2!")).toBe("login ann:***@host, ***!");
  });

  it("are taken out line by line, and as JSON and URLs write them", () => {
    const key = 'first "line"\r\nsecond line';

    expect(taken(key, 'it says first "line"')).toBe("it says ***");
    expect(taken(key, "and second line")).toBe("and ***");
    expect(taken(key, JSON.stringify({ key }))).toBe('{"key":"***"}');
    expect(taken("a b/c?", "https://host/a%20b%2Fc%3F")).toBe("https://host/***");
  });

  it("are taken out of lists and objects with all that is in them", () => {
    const value = { list: ["alpha", { deep: "bravo" }], pin: 12_345, none: null, yes: true };

    expect(taken(value, "alpha bravo 12345 null true")).toBe("*** *** *** null true");
  });

  it("are taken out whole when one begins with another", () => {
    const redact = redactorOf({ a: "pass", b: "password" }, ["a", "b"]);

    expect(redact?.("password pass")).toBe("*** ***");
  });

  it("are left when they are so short that they are in everything", () => {
    expect(redactorOf({ a: "no", b: 7, c: undefined as never }, ["a", "b", "c", "d"])).toBe(
      undefined,
    );
    expect(redactorOf({ a: "password" })).toBeUndefined();
  });

  it("may hold half a character", () => {
    expect(taken("\ud800half", "a \ud800half")).toBe("a ***");
  });
});

describe("a value", () => {
  it("is redacted in every text, and in no name", () => {
    const redact = redactorOf({ a: "hunter2" }, ["a"]);
    const value = { hunter2: ["hunter2", 1, null, { deep: "x hunter2" }], yes: true };

    expect(redacted(value, redact)).toEqual({
      hunter2: ["***", 1, null, { deep: "x ***" }],
      yes: true,
    });
    expect(redacted(value, undefined)).toBe(value);
  });

  it("is redacted where it is a number, whole", () => {
    const redact = redactorOf({ pin: 482915 }, ["pin"]);

    expect(redacted({ pin: 482915, sum: 5, text: "pin 482915" }, redact)).toEqual({
      ...{ pin: "***", sum: 5, text: "pin ***" },
    });
  });
});
