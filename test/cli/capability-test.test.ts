import { describe, expect, it } from "vitest";
import { exitCodeOf } from "../../cli/commands/capabilities/test.js";
import { renderTest } from "../../cli/screen/capabilities/capability-list.js";
import { createStyle } from "../../cli/screen/style.js";
import { renderWhy } from "../../cli/screen/why/why.js";
import type { RequirementView } from "../../common/wire.js";
import type { CapabilityTestView } from "../../common/wire/system.js";
import { NOW } from "./views.js";
import { IMPOSSIBLE } from "./why-views.js";

const NOTE = "the others are not known: Consul is away";

function tested(...verdicts: RequirementView["verdict"][]): CapabilityTestView {
  const agents = verdicts.map((verdict, n) => ({
    ...{ agent: `a-${n}`, able: verdict === "yes" },
    requirements: [{ what: "has_gpu", verdict }],
  }));
  return { clause: "has_gpu", possible: agents.some(({ able }) => able), agents };
}

describe("the exit code of capability test", () => {
  it.each([
    [0, tested("no", "yes", "unknown")],
    [13, tested("no", "no")],
    [5, tested("no", "unknown")],
    [5, { ...tested("no"), note: NOTE }],
  ])("is %i", (code, view) => {
    expect(exitCodeOf(view)).toBe(code);
  });
});

it("is told that the others were not asked, by capability test and by why", () => {
  const plain = { env: { NO_COLOR: "1" }, columns: 80, ascii: false, wide: false } as const;
  const [piped, tty] = [false, true].map((isTty) =>
    createStyle({ ...plain, tty: isTty, platform: "linux" }),
  );
  if (piped === undefined || tty === undefined) throw new Error("two styles");
  const test = { ...tested("no"), note: NOTE };
  const why = { ...IMPOSSIBLE, note: NOTE };

  expect(renderTest(piped, test, NOW)).toContain(`*\tanswers\tunknown\t${NOTE}\t`);
  expect(renderTest(tty, test, NOW)).toMatch(new RegExp(`\n\n${NOTE}$`));
  expect(renderWhy(piped, why, NOW)).toContain(`*\tanswers\tunknown\t${NOTE}\t`);
  expect(renderWhy(tty, why, NOW)).toContain(`\n\n${NOTE}\n\n`);
});
