import { describe, expect, it } from "vitest";
import { JobrunnerError } from "../../common/error.js";
import type { JobView, Problem } from "../../common/wire.js";
import { ask } from "./api.js";
import { apisForFile } from "./apis.js";

const [api] = apisForFile("alpha");

const post = (body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  ask(`${api.url}/v1/jobs`, { method: "POST", body, headers });

describe("a key that was used before", () => {
  it("gives the job of a key though its flow is gone by now (P-1)", async () => {
    const headers = { "idempotency-key": "flow-gone" };
    const first = await post({ flow: "shapes" }, headers);
    const gone = () => Promise.reject(new JobrunnerError("UNKNOWN_FLOW", "no such flow"));
    api.faults.runners = { prepare: gone };

    const again = await post({ flow: "shapes" }, headers);
    const url = `${api.url}/v1/flows/shapes/jobs`;
    const byFlow = await ask(url, { method: "POST", body: {}, headers });
    const other = await post({ flow: "shapes", priority: 1 }, headers);
    const fresh = await post({ flow: "shapes" });
    api.faults.runners = {};

    expect([again, byFlow, other, fresh].map(({ status }) => status)).toEqual([200, 200, 422, 422]);
    expect((again.json as JobView).id).toBe((first.json as JobView).id);
    expect((byFlow.json as JobView).id).toBe((first.json as JobView).id);
    expect((other.json as Problem).code).toBe("CONFLICT");
  });
});
