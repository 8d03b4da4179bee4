import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import type { HttpServer } from "../../agent/http/server.js";
import type { AccessToken, Scope } from "../../common/access.js";
import type { Problem } from "../../common/wire.js";
import { type Answer, ask } from "./api.js";
import { outwardAddress, serve } from "./serve.js";

const CLUSTER = "correct-horse-battery";
const ID = "01980000-0000-7000-8000-000000000000";

const tokens: readonly AccessToken[] = [
  named("reader", "read"),
  named("poster", "post"),
  named("operator", "operate"),
  { ...named("late", "admin"), expiresAt: new Date(Date.now() - 1).toISOString() },
];

function named(id: string, scope: Scope): AccessToken {
  return { id, scope, hash: createHash("sha256").update(secretOf(id)).digest("hex") };
}

function secretOf(id: string): string {
  return `jr_${id}_0123456789`;
}

let server: HttpServer | undefined;
afterEach(() => server?.close());

async function start(host = "127.0.0.1"): Promise<string> {
  const at = Date.now();
  server = serve({ token: CLUSTER, tokens, now: () => at }); // No time goes by: nothing is slow.
  return server.listen({ host, port: 0 });
}

function bearer(secret: string): { readonly headers: { readonly authorization: string } } {
  return { headers: { authorization: `Bearer ${secret}` } };
}

describe("tokens of a file", () => {
  it("are good for their scope and those before it", async () => {
    const url = await start();
    const status = async (id: string, method: string, path: string): Promise<boolean> => {
      const answer = await ask(url + path, { ...bearer(secretOf(id)), method });
      return answer.status !== 403;
    };
    const reads = ["GET", "/v1/jobs"] as const;
    const posts = ["POST", "/v1/jobs"] as const;
    const operates = ["POST", `/v1/jobs/${ID}/suspend`] as const;

    const may = async (id: string): Promise<readonly boolean[]> => [
      await status(id, ...reads),
      await status(id, ...posts),
      await status(id, ...operates),
    ];

    expect(await may("reader")).toEqual([true, false, false]);
    expect(await may("poster")).toEqual([true, true, false]);
    expect(await may("operator")).toEqual([true, true, true]);
  });

  it("are told what they are good for, and what would do", async () => {
    const url = await start();
    const answer = await ask(`${url}/v1/jobs`, { ...bearer(secretOf("reader")), method: "POST" });

    expect(answer.status).toBe(403);
    expect(answer.json).toMatchObject({
      code: "FORBIDDEN",
      detail: "this token is good for read, not for post",
      hint: expect.stringContaining("--scope post"),
    });
  });

  it("are refused alike when missing, wrong, empty or expired", async () => {
    const url = await start();
    const answers: Answer[] = [
      await ask(`${url}/v1/jobs`),
      await ask(`${url}/v1/jobs`, bearer("wrong")),
      await ask(`${url}/v1/jobs`, { headers: { authorization: "" } }),
      await ask(`${url}/v1/jobs`, { headers: { authorization: "Bearer" } }),
      await ask(`${url}/v1/jobs`, { headers: { authorization: `Basic ${CLUSTER}` } }),
      await ask(`${url}/v1/jobs`, bearer(secretOf("late"))),
    ];

    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(401));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]?.headers["www-authenticate"]).toBe("Bearer");
    expect((answers[0]?.json as Problem).hint).toContain("JOBRUNNER_TOKEN");
  });

  it("are replaced while the server runs; that never opens it", async () => {
    const url = await start();
    const reader = bearer(secretOf("reader"));
    server?.replace({ token: CLUSTER, tokens: [] }, undefined);
    const revoked = await ask(`${url}/v1/jobs`, reader);
    server?.replace({ tokens: [named("reader", "read")] }, undefined);
    server?.replace({}, undefined);

    expect(revoked.status).toBe(401);
    expect((await ask(`${url}/v1/jobs`)).status).toBe(401);
    expect((await ask(`${url}/v1/jobs`, bearer(CLUSTER))).status).toBe(200);
  });

  it("are revoked at once although the shared one stays until a restart", async () => {
    const url = await start();
    const reader = bearer(secretOf("reader"));
    const before = await ask(`${url}/v1/jobs`, reader);

    server?.replace({ tokens: [] }, undefined);

    expect(before.status).toBe(200);
    expect((await ask(`${url}/v1/jobs`, reader)).status).toBe(401);
    expect((await ask(`${url}/v1/jobs`, bearer(CLUSTER))).status).toBe(200);
  });
});

describe("asking too often", () => {
  const address = outwardAddress();

  it.skipIf(address === undefined)(
    "is refused beyond the loopback, each token by itself",
    async () => {
      const { port } = new URL(await start("0.0.0.0"));
      const many = (host: string, id: string): Promise<readonly Answer[]> =>
        Promise.all(
          Array.from({ length: 150 }, () =>
            ask(`http://${host}:${port}/v1/jobs`, bearer(secretOf(id))),
          ),
        );

      const far = await many(address ?? "", "reader");
      const other = await ask(`http://${address}:${port}/v1/jobs`, bearer(CLUSTER));
      const near = await many("127.0.0.1", "reader");

      const busy = far.filter(({ status }) => status === 429);
      expect(busy).toHaveLength(50);
      expect(far.filter(({ status }) => status === 200)).toHaveLength(100);
      expect(busy[0]?.headers["retry-after"]).toBe("1");
      expect(other.status).toBe(200);
      expect(near.filter(({ status }) => status !== 200)).toEqual([]);
    },
  );
});
