import { describe, expect, it } from "vitest";
import { fromWire, toWire, type WireError } from "../../agent/runner/messages.js";
import { JobrunnerError } from "../../common/error.js";

/** Over a channel that carries JSON. */
function travel(error: unknown, own: boolean): Error {
  return fromWire(JSON.parse(JSON.stringify(toWire(error, own))) as WireError);
}

describe("an error on its way between processes", () => {
  it("of jobrunner keeps code, hint and the list of problems", () => {
    const cause = [{ pointer: "/port", detail: "too large" }];
    const error = new JobrunnerError("BAD_PARAMETERS", "No.", { hint: "Look.", cause });

    const arrived = travel(error, true);

    expect(arrived).toBeInstanceOf(JobrunnerError);
    expect(arrived).toMatchObject({ code: "BAD_PARAMETERS", message: "No.", hint: "Look.", cause });
  });

  it("of jobrunner keeps an error as its cause", () => {
    const error = new JobrunnerError("BAD_FLOW", "No.", { cause: new TypeError("why") });

    expect(travel(error, true).cause).toMatchObject({ name: "TypeError", message: "why" });
  });

  it("of a body is a failure, whatever it says it is", () => {
    const arrived = travel(new JobrunnerError("OWNERSHIP_LOST", "Mine."), false);

    expect(arrived).not.toBeInstanceOf(JobrunnerError);
    expect(arrived).toMatchObject({ message: "Mine.", failure: { code: "OWNERSHIP_LOST" } });
  });

  it("that is no error at all arrives as one", () => {
    expect(travel("just a text", false)).toBeInstanceOf(Error);
    expect(travel(undefined, true)).toBeInstanceOf(Error);
  });
});
