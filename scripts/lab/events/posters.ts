import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

export interface Posting {
  readonly url: string;
  readonly clients: number;
  /** Of all clients together. */
  readonly perSecond: number;
  readonly seconds: number;
}

/** Posts jobs at an even pace, each client on a connection of its own; how long each took, ms. */
export async function postAtPace(posting: Posting): Promise<readonly number[]> {
  const { clients, perSecond, seconds } = posting;
  const everyMs = (clients / perSecond) * 1_000;
  const end = performance.now() + seconds * 1_000;
  const tookMs: number[] = [];
  const client = async (place: number): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    try {
      let next = performance.now() + (place / clients) * everyMs;
      for (; next < end; next += everyMs) {
        await pause(Math.max(0, next - performance.now()));
        tookMs.push(await post(posting.url, agent));
      }
    } finally {
      agent.destroy();
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, place) => client(place)));
  return tookMs;
}

function post(url: string, agent: Agent): Promise<number> {
  const began = performance.now();
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const outgoing = request(`${url}/v1/jobs`, { method: "POST", headers, agent }, (incoming) => {
      incoming.resume();
      incoming.on("end", () => {
        if (incoming.statusCode === 201) resolve(performance.now() - began);
        else reject(new Error(`a post was answered ${String(incoming.statusCode)}`));
      });
    });
    outgoing.on("error", reject);
    outgoing.end(JSON.stringify({ flow: "hello", params: {} }));
  });
}
