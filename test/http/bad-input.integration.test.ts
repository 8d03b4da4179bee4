import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import type { Problem } from "../../common/wire.js";
import { type Answer, type Asked, ask } from "./api.js";
import { apisForFile } from "./apis.js";

const [api] = apisForFile("alpha");

const deep = (levels: number): string => `${"[".repeat(levels)}${"]".repeat(levels)}`;
const manyKeys = JSON.stringify(
  Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [n, 1])),
);
const params = (text: string): string => `{"flow":"shapes","params":{"extra":${text}}}`;

/** What is sent to POST /v1/jobs, the status, and a word that the answer must hold. */
const BODIES: readonly (readonly [string, unknown, number, string])[] = [
  ["a body that is not JSON", "{flow", 400, "not JSON"],
  ["an empty body", "", 400, "empty"],
  ["an array", "[]", 400, "object"],
  ["null", "null", 400, "object"],
  ["a number", "5", 400, "object"],
  ["a body without a flow", { params: {} }, 400, "/flow is missing"],
  ["a flow that is a number", { flow: 5 }, 400, "/flow"],
  ["a flow that is a path", { flow: "../x" }, 400, "/flow"],
  ["a flow of 65 characters", { flow: "a".repeat(65) }, 400, "/flow"],
  ["an unknown field", { flow: "shapes", zz: 1 }, 400, "/zz is not known"],
  ["a name with a control character", { flow: "shapes", name: "a\u001b[2J" }, 400, "/name"],
  ["a name with a line break", { flow: "shapes", name: "a\nb" }, 400, "/name"],
  ["a name of 129 characters", { flow: "shapes", name: "a".repeat(129) }, 400, "/name"],
  ["a priority as text", { flow: "shapes", priority: "5" }, 400, "/priority"],
  ["a priority out of range", { flow: "shapes", priority: 101 }, 400, "/priority"],
  ["a priority that is not whole", { flow: "shapes", priority: 1.5 }, 400, "/priority"],
  ["a time that is none", { flow: "shapes", runAt: "tomorrow" }, 400, "/runAt"],
  ["a capability that is none", { flow: "shapes", require: ["a b"] }, 422, "capability"],
  ["parameters that are a list", { flow: "shapes", params: [] }, 400, "/params"],
  ["__proto__ at the top", '{"__proto__":{},"flow":"shapes"}', 400, "__proto__"],
  ["__proto__ further down", params('{"__proto__":{"x":1}}'), 400, "__proto__"],
  ["__proto__ in escapes", params('{"\\u005f_proto__":1}'), 400, "__proto__"],
  ["constructor.prototype", params('{"constructor":{"prototype":{}}}'), 400, "constructor"],
  ["JSON nested 100,000 deep", params(deep(100_000)), 400, "deeper than 32"],
  ["JSON nested 33 deep", params(deep(31)), 400, "deeper than 32"],
  ["20,000 keys", params(manyKeys), 400, "10000 keys"],
  ["a whole number above 2^53", params("9007199254740993"), 400, "9007199254740993"],
  ["a number without end", params("1e999"), 400, "1e999"],
  ["NaN", params("NaN"), 400, "not JSON"],
  ["Infinity", params("Infinity"), 400, "not JSON"],
  ["half a character", params('"\\ud800"'), 400, "Unicode"],
  ["bytes that are not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]), 400, "UTF-8"],
  ["a body of 1.1 MB", params(`"${"x".repeat(1_100_000)}"`), 413, "1 MiB"],
];

const GZIP = { "content-encoding": "gzip" };
const LARGE = { text: "x".repeat(1_100_000) };

/** Requests that are wrong besides their body. */
const REQUESTS: readonly (readonly [string, string, Asked, number])[] = [
  ["a text/plain body", "/v1/jobs", post({ "content-type": "text/plain" }), 415],
  ["a form", "/v1/jobs", post({ "content-type": "application/x-www-form-urlencoded" }), 415],
  ["a compressed body", "/v1/jobs", post({ "content-encoding": "gzip" }), 415],
  ["a compressed body where none is wanted", "/v1/board", { headers: GZIP }, 415],
  [
    "a body of 1.1 MB where none is wanted",
    "/v1/agents/self/drain",
    { method: "POST", body: LARGE },
    413,
  ],
  ["an expectation", "/v1/jobs", post({ expect: "200-ok" }), 417],
  ["an expectation where no body is wanted", "/livez", { headers: { expect: "tea" } }, 417],
  ["a page of another site that asks for health", "/livez", { headers: { origin: "null" } }, 403],
  ["a key with a blank", "/v1/jobs", post({ "idempotency-key": "a b" }), 400],
  ["a key of 129 characters", "/v1/jobs", post({ "idempotency-key": "k".repeat(129) }), 400],
  ["a foreign Host", "/v1/jobs", { headers: { host: "evil.example" } }, 421],
  ["a foreign Host with our port", "/v1/jobs", { headers: { host: "evil.example:7463" } }, 421],
  ["a Host that only looks like ours", "/", { headers: { host: "127.0.0.1.evil.example" } }, 421],
  ["a page of another site", "/v1/jobs", post({ origin: "http://evil.example" }), 403],
  ["a page without an origin", "/v1/jobs", post({ origin: "null" }), 403],
  ["an unknown path", "/v2/jobs", {}, 404],
  ["PUT on the list", "/v1/jobs", { method: "PUT", body: "{" }, 405],
  ["DELETE on a flow", "/v1/flows/shapes", { method: "DELETE" }, 405],
  ["POST on health", "/livez", { method: "POST", body: {} }, 405],
  ["a broken escape", "/v1/jobs/%zz", {}, 400],
  ["an id that is a path", "/v1/jobs/..%2f..%2fetc", {}, 400],
  ["an id of 3 characters", "/v1/jobs/abc", {}, 400],
  ["an id of 300 characters", `/v1/jobs/${"a".repeat(300)}`, {}, 414],
  ["a URL of 20 KB", `/v1/jobs?flow=${"a".repeat(20_000)}`, {}, 431],
  ["limit=-1", "/v1/jobs?limit=-1", {}, 400],
  ["limit=501", "/v1/jobs?limit=501", {}, 400],
  ["limit=1e9", "/v1/jobs?limit=1e9", {}, 400],
  ["limit=abc", "/v1/jobs?limit=abc", {}, 400],
  ["an unknown state", "/v1/jobs?state=DONE", {}, 400],
  ["an unknown query field", "/v1/jobs?stat=RUNNING", {}, 400],
  ["a time that is none", "/v1/jobs?since=yesterday", {}, 400],
  ["a wait that is none", "/v1/jobs/01980000-0000-7000-8000-000000000000?wait=soon", {}, 400],
];

function post(headers: Readonly<Record<string, string>>): Asked {
  return { method: "POST", headers, body: '{"flow":"shapes"}' };
}

function expectProblem(answer: Answer, status: number): Problem {
  const problem = answer.json as Problem;
  expect(answer.status).toBe(status);
  expect(answer.headers["content-type"]).toBe("application/problem+json");
  expect(problem).toMatchObject({ status, type: expect.stringMatching(/^urn:jobrunner:problem:/) });
  expect(answer.text).not.toMatch(/\bat .*\.[jt]s:\d+|node_modules/);
  return problem;
}

describe("bad bodies", () => {
  it.each(BODIES)("refuses %s", async (_what, body, status, word) => {
    const before = (await api.persistence.jobs({}, 500)).jobs.length;
    const answer = await ask(`${api.url}/v1/jobs`, { method: "POST", body });

    expectProblem(answer, status);
    expect(answer.text).toContain(word);
    expect((await api.persistence.jobs({}, 500)).jobs).toHaveLength(before);
  });

  it("takes the largest whole number, 30 levels and the last of two equal keys", async () => {
    const body = params(`{"n":9007199254740991,"deep":${deep(28)},"twice":1,"twice":2}`);
    const answer = await ask(`${api.url}/v1/jobs`, { method: "POST", body });

    expect(answer.status).toBe(201);
    const { id } = answer.json as { id: string };
    const stored = (await api.persistence.job(id))?.params["extra"];
    expect(stored).toMatchObject({ n: 9007199254740991, twice: 2 });
  });

  it("names all wrong fields at once", async () => {
    const body = { flow: 1, priority: "x", zz: true };
    const answer = await ask(`${api.url}/v1/jobs`, { method: "POST", body });

    const pointers = expectProblem(answer, 400).errors?.map(({ pointer }) => pointer);
    expect(pointers?.sort()).toEqual(["/flow", "/priority", "/zz"]);
  });
});

describe("bad requests", () => {
  it.each(REQUESTS)("refuses %s", async (_what, path, asked, status) => {
    const answer = await ask(api.url + path, asked);

    expectProblem(answer, status);
  });

  it("tells which methods are allowed", async () => {
    const refused = await ask(`${api.url}/v1/jobs`, { method: "PATCH" });
    const asked = await ask(`${api.url}/v1/jobs/abcd`, { method: "OPTIONS" });

    expect(refused.headers.allow).toBe("POST, GET, HEAD, OPTIONS");
    expect(asked.status).toBe(204);
    expect(asked.headers.allow).toBe("GET, DELETE, HEAD, OPTIONS");
  });

  it.each(["127.0.0.1", "localhost:80", "[::1]:7463", "agent.localhost", "127.8.9.10:1"])(
    "answers to the name %s",
    async (host) => {
      expect((await ask(`${api.url}/livez`, { headers: { host } })).status).toBe(200);
    },
  );

  it.each([
    ["no Host", "GET /livez HTTP/1.1\r\n\r\n"],
    [
      "both lengths",
      "POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
    ["TLS", Buffer.from("160301020001000100fc0303", "hex")],
    ["noise", "\u0000\u0001\r\n\r\n"],
  ])("answers 400 to bytes that are no HTTP: %s", async (_what, bytes) => {
    expect(await talk(bytes)).toMatch(/^HTTP\/1\.1 400 /);
  });
});

it("answers a HEAD that is too large without a body", async () => {
  const head = `HEAD /livez?${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

  expect(await talk(head)).toMatch(/^HTTP\/1\.1 431 [^]*\r\n\r\n$/);
});

/** Sends bytes and reads until the other side closes. */
function talk(bytes: string | Buffer): Promise<string> {
  const { port, hostname } = new URL(api.url);
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(Number(port), hostname, () => socket.end(bytes));
    socket.on("data", (chunk: Buffer) => (text += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
  });
}
