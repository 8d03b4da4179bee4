import { describe, expect, it } from "vitest";
import { parseCursor, sourceOf } from "../../agent/events/cursor.js";
import { Feed, type Joining } from "../../agent/events/feed.js";
import { toFilter } from "../../agent/events/filter.js";
import { OTHERS_CHARS_MAX, Ring } from "../../agent/events/ring.js";
import { toJson } from "../../agent/events/telling/told.js";
import { EventParser, type StreamEvent } from "../../common/text/event-parser.js";
import type { EventView } from "../../common/wire/events.js";
import { until } from "../../scripts/lab/until.js";

const A = sourceOf("a", "aaaaaaaaaaaa");
const B = sourceOf("b", "bbbbbbbbbbbb");
const SOON = { withinMs: 5_000 };

/** A feed of two agents and what it takes to say something there. */
function open() {
  const feed = new Feed();
  const rings = { [A]: new Ring(A), [B]: new Ring(B) };
  for (const ring of Object.values(rings)) feed.add(ring);
  const say = (source: string, fields: Partial<EventView> = {}): void => {
    const ring = rings[source];
    if (ring === undefined) throw new Error(source);
    const at = new Date(
      Date.UTC(2027, 0, 1) + feed.rings().reduce((sum, { last }) => sum + last, 0),
    );
    const event = { type: "job.state", at: at.toISOString(), ...fields } as const;
    const entry = { n: ring.last + 1, ...toJson(event) };
    ring.push(entry);
    feed.publish(entry);
  };
  return { feed, rings, say };
}

class TestReader {
  readonly gone = new AbortController();
  readonly signal = this.gone.signal;
  readonly events: StreamEvent[] = [];
  /** Each write as it came. */
  readonly writes: (string | Buffer)[] = [];
  readonly #parser = new EventParser();
  #joined: Promise<void> = Promise.resolve();

  join(feed: Feed, joining: Joining = {}): this {
    this.#joined = feed.join(joining, this);
    return this;
  }

  write(text: string | Buffer): void {
    this.writes.push(text);
    this.events.push(...this.#parser.push(text.toString()));
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  types(): readonly string[] {
    return this.events.map(({ event }) => event);
  }

  async leave(): Promise<void> {
    this.gone.abort();
    await this.#joined;
  }

  cursor() {
    return parseCursor(this.events.at(-1)?.id ?? "") ?? new Map<string, number>();
  }
}

describe("a feed", () => {
  it("sends the same bytes to all who want everything", () => {
    const { feed, say } = open();
    const [one, two] = [new TestReader().join(feed), new TestReader().join(feed)];
    say(A);
    say(B);
    feed.flush();

    expect(one.types()).toEqual(["cursor", "job.state", "job.state"]);
    expect(one.writes.at(-1)).toBe(two.writes.at(-1));
    one.gone.abort();
    two.gone.abort();
  });

  it("writes by itself, in a moment", async () => {
    const { feed, say } = open();
    const reader = new TestReader().join(feed);
    say(A);
    await until(() => reader.types().includes("job.state"), SOON);
    await reader.leave();

    expect(feed.size).toBe(0);
  });

  it("goes on from any place with what was missed, in order of time and of each agent", async () => {
    const { feed, say } = open();
    const reader = new TestReader().join(feed);
    say(A);
    feed.flush();
    await reader.leave();
    const since = reader.cursor();
    say(B, { job: "1", at: "2027-01-01T00:00:02.000Z" });
    say(A, { job: "2", at: "2027-01-01T00:00:01.000Z" });
    say(B, { job: "3", at: "2027-01-01T00:00:01.500Z" }); // Its clock was set back.
    const again = new TestReader().join(feed, { since });
    await until(() => again.types().includes("cursor"), SOON);

    const jobs = again.events.map(({ data }) => (JSON.parse(data) as EventView).job);
    expect(jobs).toEqual(["2", "1", "3", undefined]);
    expect(again.cursor()).toEqual(
      new Map([
        [A, 2],
        [B, 2],
      ]),
    );
    again.gone.abort();
  });

  it("loses nothing and doubles nothing wherever a reader breaks off", async () => {
    const { feed, say } = open();
    const all = new TestReader().join(feed);
    for (let n = 0; n < 20; n += 1) say(n % 3 === 0 ? B : A, { note: String(n) });
    feed.flush();
    await all.leave();
    const notes = ({ events }: TestReader) =>
      events.flatMap(({ data }) => (JSON.parse(data) as EventView).note ?? []);
    for (const [index, { id, event }] of all.events.entries()) {
      if (event === "cursor") continue;
      const rest = new TestReader().join(feed, { since: parseCursor(id) });
      await until(() => rest.types().includes("cursor"), SOON);
      await rest.leave();

      const had = all.events.slice(0, index + 1);
      const whole = new TestReader();
      whole.events.push(...had, ...rest.events);
      expect(notes(whole)).toEqual(notes(all));
    }
  });

  it("sends pieces to a reader who missed much, at its pace", async () => {
    const { feed, say } = open();
    for (let n = 0; n < 1_200; n += 1) say(A);
    const reader = new TestReader().join(feed, { since: new Map() });
    await until(() => reader.types().includes("cursor"), SOON);

    expect(reader.writes.length).toBe(4);
    expect(reader.events).toHaveLength(1_201);
    reader.gone.abort();
  });

  it.each([
    [
      "is gone",
      new Map([
        ["x~000000", 4],
        [A, 1],
        [B, 0],
      ]),
      "x",
    ],
    [
      "remembers no more",
      new Map([
        [A, 0],
        [B, 0],
      ]),
      "a",
    ],
    [
      "was never so far",
      new Map([
        [A, 9_999],
        [B, 0],
      ]),
      "a",
    ],
  ])("says reset for an agent that %s", async (_why, since, agent) => {
    const { feed, rings, say } = open();
    say(A);
    if (since.get(A) === 0) rings[A]?.skipTo(50);
    const reader = new TestReader().join(feed, { since });
    await until(() => reader.types().includes("cursor"), SOON);

    const [first] = reader.events;
    expect(first?.event).toBe("reset");
    expect(JSON.parse(first?.data ?? "")).toMatchObject({ agent });
    expect(reader.cursor().get(A)).toBe(rings[A]?.last);
    reader.gone.abort();
  });

  it("tells those who follow when events of an agent are missing", () => {
    const { feed } = open();
    const reader = new TestReader().join(feed);
    feed.reset(B, "it was started again", true);

    expect(reader.events.at(-1)).toMatchObject({ event: "reset", id: `${A}.0` });
    reader.gone.abort();
  });

  it("tells who wants little where it is, now and then", () => {
    const { feed, say } = open();
    const filter = toFilter({ types: "agent.*" });
    const reader = new TestReader().join(feed, { filter });
    for (let n = 0; n < 450; n += 1) {
      say(A);
      if (n % 50 === 0) feed.flush();
    }
    feed.flush();

    expect(new Set(reader.types())).toEqual(new Set(["cursor"]));
    expect(reader.cursor().get(A)).toBeGreaterThan(200);
    reader.gone.abort();
  });
});

describe("what a feed remembers of 50 agents", () => {
  const JSON_CHARS = 500;

  function full(agents: number) {
    const feed = new Feed(new Ring(sourceOf("own", "cccccccccccc")));
    const rings = Array.from(
      { length: agents },
      (_, n) => new Ring(sourceOf(`a${n}`, "a".repeat(12))),
    );
    const fill = (ring: Ring): void => {
      for (let n = 0; n < 4_000; n += 1) {
        const event = { type: "job.state", at: "" } as const;
        ring.push({ n: ring.last + 1, event, json: "x".repeat(JSON_CHARS) });
      }
    };
    for (const ring of feed.rings()) fill(ring);
    for (const ring of rings) {
      feed.add(ring);
      fill(ring);
    }
    return { feed, rings };
  }

  it("is bounded for all of them together, and the same for each", () => {
    const { rings } = full(50);

    const all = rings.reduce((sum, { chars }) => sum + chars, 0);
    expect(all).toBeLessThanOrEqual(OTHERS_CHARS_MAX);
    expect(all).toBeGreaterThan(OTHERS_CHARS_MAX - 50 * 2 * JSON_CHARS);
    expect(new Set(rings.map(({ first }) => first)).size).toBe(1);
  });

  it("is as much as ever of the agent itself", () => {
    const [own] = full(50).feed.rings();

    expect(own?.after(0)).toHaveLength(4_000);
  });

  it("is more of each again when many have left", () => {
    const { feed, rings } = full(50);
    const [stays, ...leave] = rings;
    for (const { source } of leave) feed.forget(source);
    const before = stays?.after(0).length ?? 0;
    const more = Array.from({ length: 4_000 }, (_, n) => {
      const event = { type: "job.state", at: "" } as const;
      return { n: (stays?.last ?? 0) + 1 + n, event, json: "x".repeat(JSON_CHARS) };
    });
    for (const entry of more) stays?.push(entry);

    expect(before).toBeLessThan(1_100);
    expect(stays?.after(0)).toHaveLength(4_000);
  });
});

describe("what is wanted of a feed", () => {
  const event = { type: "job.state", at: "", job: "j", flow: "f" } as const;

  it.each([
    [{}, true],
    [{ job: "j" }, true],
    [{ job: "k" }, false],
    [{ flow: "f", types: "job.state" }, true],
    [{ flow: "g" }, false],
    [{ types: "agent.*,job.*" }, true],
    [{ types: "atom.state" }, false],
  ])("%j", (wanted, answer) => {
    expect(toFilter(wanted)?.(event) ?? true).toBe(answer);
  });

  it("is refused with what was meant", () => {
    expect(() => toFilter({ types: "job.stat" })).toThrow('there is no event type "job.stat"');
  });
});

describe("an event that is too large", () => {
  it("loses what only a person who debugs needs", () => {
    const failure = { name: "Error", message: "m".repeat(16_000), stack: "s".repeat(16_000) };
    const { event, json } = toJson({ type: "atom.state", at: "", failure });

    expect(json.length).toBeLessThan(8_192);
    expect(event.failure).toEqual({ name: "Error", message: "m".repeat(1_000) });
  });
});
