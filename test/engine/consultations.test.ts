import { describe, expect, it } from "vitest";
import {
  type Consultation,
  Consultations,
  type ConsultationsOptions,
} from "../../engine/loop/asking/consultations.js";
import type { Change } from "../../engine/journal.js";
import { mayTurn } from "../../engine/loop/asking/turns.js";
import { remember } from "../../engine/loop/memory.js";
import type { EngineOptions } from "../../engine/engine.js";
import { compile } from "../../engine/plan.js";
import { linear } from "./support/words.js";

const never = (): Promise<never> => new Promise(() => undefined);
const options: ConsultationsOptions = {
  sleep: never,
  report: () => undefined,
  lost: () => undefined,
};

describe("answers that are out", () => {
  it("are looked at again only when something has turned, and then each once", () => {
    const consultations = new Consultations(options);
    let looks = 0;
    const consultation: Consultation<unknown> = {
      ...{ who: "a decider", ask: never, answer: () => undefined, dropped: () => undefined },
      wanted: () => (looks += 1) > 0,
    };
    for (let out = 0; out < 10; out += 1) void consultations.put({ ...consultation });

    for (let wave = 0; wave < 10; wave += 1) consultations.prune();
    const before = looks;
    consultations.turn();
    for (let wave = 0; wave < 10; wave += 1) consultations.prune();

    expect([before, looks]).toEqual([0, 10]);
  });

  it.each<[string, Change, boolean]>([
    ["an atom that starts", { change: "atom", atom: "a", to: "RUNNING" }, false],
    ["an atom that succeeds", { change: "atom", atom: "a", to: "SUCCESS" }, false],
    ["an atom that fails", { change: "atom", atom: "a", to: "FAILURE" }, true],
    ["a no about what is being asked", { change: "ignore", atoms: ["a", "b"] }, true],
    ["a no about what is not", { change: "ignore", atoms: ["a"] }, false],
    ["a cancel", { change: "cancel", revert: true }, true],
  ])("may be turned by %s: %o", (_what, change, turns) => {
    const plan = compile(linear("f", ["a", "b"]));
    const memory = remember({ plan, store: {}, entries: [] } as unknown as EngineOptions);
    const asked = plan.atoms.get("b");
    if (asked !== undefined) memory.present.voting.add(asked);

    expect(mayTurn(memory, change)).toBe(turns);
  });
});
