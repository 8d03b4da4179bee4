import type { CheckedView } from "../../../common/wire/doctor.js";
import type { Config } from "../../../config/config.js";
import type { Fact } from "../../../facts/fact.js";
import { openFacts } from "../compose.js";
import { type Check, ok, warn } from "./check.js";

/** Phones stall for so long, ms: shorter claims are lost although their owner lives. */
const PHONE_LEASE_MS = 30_000;

/** What laptops and phones need that machines without a battery do not. */
export const POWER: Check = {
  name: "power",
  async look(config) {
    const facts = openFacts(config);
    await using _open = facts;
    const battery = await facts.refresh("battery");
    const mains = await facts.refresh("on_mains");
    return [...batteryChecks(config, battery, mains), ...phoneChecks(config)];
  },
};

function batteryChecks(
  { onlyWhen }: Config,
  battery: Fact<number | null>,
  mains: Fact<boolean>,
): readonly CheckedView[] {
  if (!("known" in battery)) return [ok("power", `battery unknown: ${battery.unknown}`)];
  if (battery.known === null) return [ok("power", "on mains, without a battery")];
  const onMains = "known" in mains && mains.known;
  const detail = `battery at ${Math.round(battery.known)} %${onMains ? ", on mains" : ""}`;
  if (onMains || onlyWhen.length > 0) return [ok("power", detail)];
  const fix = "onlyWhen: [on_mains] in the settings leaves jobs to others while it is unplugged";
  return [warn("power", `${detail}, and takes jobs all the same`, fix)];
}

function phoneChecks({ leaseMs }: Config): readonly CheckedView[] {
  if (process.platform !== "android") return [];
  const sleep =
    "termux-wake-lock before jobrunner run, and no battery optimisation for Termux in Android's " +
    "settings";
  const lease = "claim: { lease: 30s } in the settings";
  return [
    warn("power", "Android stops programs that nobody looks at", sleep),
    ...(leaseMs < PHONE_LEASE_MS ? [warn("power", "the lease is short for a phone", lease)] : []),
  ];
}
