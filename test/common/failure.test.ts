import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import { RESULT_BYTES_MAX } from "../../persistence/persistence.js";
import { type Failure, toError, toFailure } from "../../common/failure.js";

describe("a failure", () => {
  it("keeps name, message, code, data and causes of an error", () => {
    const cause = new TypeError("inner");
    const error = Object.assign(new Error("outer", { cause }), {
      code: "EADDRINUSE",
      data: { port: 80, secret: undefined },
    });

    const failure = toFailure(error);

    expect(failure).toMatchObject({
      name: "Error",
      message: "outer",
      code: "EADDRINUSE",
      data: { port: 80 },
      cause: { name: "TypeError", message: "inner" },
    });
    expect(failure.stack).toContain("outer");
  });

  it("comes back as it was from the error that was made of it", () => {
    const failure: Failure = { name: "NetError", message: "down", stack: "NetError: down\n at x" };

    const error = toError(failure);

    expect(error).toMatchObject({ name: "NetError", message: "down", stack: failure.stack });
    expect(toFailure(error)).toBe(failure);
    expect(toFailure(toError({ name: "E", message: "m" }))).toEqual({ name: "E", message: "m" });
  });

  it("is made of anything that may be thrown", () => {
    expect(toFailure("text")).toEqual({ name: "Error", message: "text" });
    expect(toFailure(undefined)).toEqual({ name: "Error", message: "undefined" });
    expect(toFailure(Object.create(null)).message).toBe("a value without a text was thrown");
  });

  it("leaves out what is no JSON, a number as a code, and a stack that is not there", () => {
    const circle: { self?: unknown } = {};
    circle.self = circle;
    const error = Object.assign(new Error("odd"), { code: 7, data: circle });
    delete error.stack;

    expect(toFailure(error)).toEqual({ name: "Error", message: "odd" });
  });

  it("does not follow causes for ever", () => {
    const error = new Error("its own cause");
    error.cause = error;

    expect(JSON.stringify(toFailure(error)).match(/"message"/g)).toHaveLength(9);
  });

  it("is small enough to be stored, however much is thrown", () => {
    const huge = "\u0001".repeat(5 * 1024 * 1024);
    const thrown = (cause: unknown): Error =>
      Object.assign(new Error(huge, { cause }), { name: huge, code: huge, data: { huge } });
    let error = thrown(huge);
    for (let depth = 0; depth < 10; depth += 1) error = thrown(error);

    const failure = toFailure(error);

    expect(Buffer.byteLength(JSON.stringify(failure))).toBeLessThan(RESULT_BYTES_MAX);
    expect(failure.message).toMatch(/^\u0001+[.]{3} 5242880 characters in all$/);
    expect(failure).not.toHaveProperty("data");
    expect(toFailure(huge).message).toHaveLength(
      16_384 - 40 + "... 5242880 characters in all".length,
    );
  });

  it("of jobrunner's own carries the code", () => {
    expect(toFailure(new JobrunnerError("NOT_JSON", "no JSON", { cause: "why" }))).toMatchObject({
      name: "JobrunnerError",
      code: "NOT_JSON",
      cause: { message: "why" },
    });
  });
});
