import { expect, it } from "vitest";
import { BUILTIN_CAPABILITIES } from "../../capabilities/builtin/all.js";
import { createEvaluator } from "../../capabilities/evaluate.js";
import { parseClauseNow } from "../../capabilities/parse.js";
import { createFacts } from "../../facts/facts.js";
import { parseOverrides } from "../../facts/overrides.js";
import { rememberedFacts } from "../../facts/told/remembered.js";
import { createSteady } from "../../facts/told/steady.js";
import { lastingFacts } from "../../facts/told/texts.js";
import { FakeClock } from "../support/fake-clock.js";

const MACHINE = {
  ...{ arch: "x64", os: "darwin", kernel: "6.1", node_version: "22.1.0", cpu_count: 8 },
  ...{ memory_total: "16GiB", memory_free: "8GiB", battery: 75, on_mains: false, gpus: ["RTX"] },
  ...{ disk_free: { "/srv": "1TiB" }, programs: { ffmpeg: "/usr/bin/ffmpeg", nano: null } },
  ...{ container: null, virtual_machine: { unknown: "nobody knows" } },
};

it.each([
  ["is_x86_64", "yes"],
  ["os_is(macos)", "yes"],
  ["os_is(linux)", "no"],
  ["node_version(>=22)", "yes"],
  ["memory_free(7GiB)", "yes"],
  ["memory_free(12GiB)", "no"],
  ["battery_above(70)", "yes"],
  ["on_mains", "no"],
  ["has_gpu", "yes"],
  ['disk_free("/srv", "900GiB")', "yes"],
  ['disk_free("/home", "1GiB")', "unknown"],
  ["has_program(ffmpeg)", "yes"],
  ["has_program(nano)", "no"],
  ["has_program(vim)", "unknown"],
  ["has_tag(room=study)", "yes"],
  ["has_tag(gpu)", "no"],
  ["on_agent(laptop)", "yes"],
])("what was told of a machine answers %s with %s", async (text, wanted) => {
  const clock = new FakeClock();
  const all = createFacts({
    ...{ clock, agent: "laptop", overrides: parseOverrides(MACHINE) },
    ...{ sources: [], keyed: {} as never },
  });
  const told = lastingFacts(all, createSteady());
  const tags = ["room=study"];
  const facts = rememberedFacts({ agent: "laptop", facts: told, tags, at: clock.now() });
  const evaluator = createEvaluator({ capabilities: BUILTIN_CAPABILITIES, facts, clock });

  const verdict = await evaluator.verdict(parseClauseNow(text, BUILTIN_CAPABILITIES));

  const said = verdict === undefined || "unknown" in verdict ? "unknown" : verdict.able;
  expect({ true: "yes", false: "no", unknown: "unknown" }[String(said)]).toBe(wanted);
});
