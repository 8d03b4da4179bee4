import { networkInterfaces } from "node:os";
import pino from "pino";
import { createHttp, type HttpOptions, type HttpServer } from "../../agent/http/server.js";
import type { Jobs } from "../../agent/jobs.js";
import { UNASKED } from "./unasked.js";

/** A server whose agent has no jobs. */
export function serve(options: Partial<HttpOptions> = {}): HttpServer {
  const jobs = { list: () => Promise.resolve({ items: [] }) } as unknown as Jobs;
  return createHttp({
    ...{ ...UNASKED, jobs },
    log: pino({ level: "silent" }),
    health: () => Promise.resolve({ ok: true, agent: "alpha", checks: [] }),
    ...options,
  });
}

/** An address of this machine that is not the loopback; undefined where there is none. */
export function outwardAddress(): string | undefined {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ internal, family }) => !internal && family === "IPv4")?.address;
}
