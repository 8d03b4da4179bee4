import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readText } from "../files.js";
import { askLibrary } from "../probe.js";
import { known, type Place, type Readings, reasonOf, type Source, unknown } from "../source.js";

const PLACE = "/sys/class/power_supply";

/** Battery and mains. */
export function powerSource(place: Place): Source {
  const linux = place.platform === "linux" || place.platform === "android";
  return {
    names: ["battery", "on_mains"],
    // Elsewhere each look is a process, 250 ms of a processor: seldom.
    everyMs: linux ? 30_000 : 120_000,
    limitMs: linux ? 2_000 : 10_000,
    read: (signal) => (linux ? readSupplies(place) : askBattery(signal)),
  };
}

/** One supply as the kernel describes it: a file for each property. */
interface Supply {
  readonly type: string;
  /** `Device` is the battery of a mouse or a phone that is plugged in. */
  readonly scope: string;
  readonly online: string;
  readonly status: string;
  readonly capacity: string;
}

async function readSupplies({ root }: Place): Promise<Readings> {
  const directory = join(root, PLACE);
  let names: readonly string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const why = unknown(`the power supplies cannot be read: ${reasonOf(error)}`);
    return { battery: why, on_mains: why };
  }
  const supplies = await Promise.all(names.map((name) => readSupply(join(directory, name))));
  const batteries = supplies.filter(({ type, scope }) => type === "Battery" && scope !== "Device");
  const mains = supplies.filter(({ type }) => type === "Mains" || type.startsWith("USB"));
  if (batteries.length === 0) return { battery: known(null), on_mains: known(true) };
  const percents = batteries.map(({ capacity }) => Number.parseInt(capacity, 10));
  const [percent = Number.NaN] = percents.sort((a, b) => a - b);
  return {
    battery: Number.isNaN(percent) ? unknown("the battery does not tell") : known(percent),
    on_mains: onMains(batteries, mains),
  };
}

function onMains(
  batteries: readonly Supply[],
  mains: readonly Supply[],
): Readings["on_mains"] & {} {
  if (mains.some(({ online }) => online === "1")) return known(true);
  const states = batteries.map(({ status }) => status);
  if (states.includes("Discharging")) return known(false);
  if (states.some((status) => status === "Charging" || status === "Full")) return known(true);
  return mains.length > 0 ? known(false) : unknown("neither mains nor battery tell");
}

async function readSupply(directory: string): Promise<Supply> {
  // Each kind of supply has properties of its own.
  const property = async (name: string): Promise<string> =>
    (await readText(join(directory, name)))?.trim() ?? "";
  const [type, scope, online, status, capacity] = await Promise.all([
    property("type"),
    property("scope"),
    property("online"),
    property("status"),
    property("capacity"),
  ]);
  return { type, scope, online, status, capacity };
}

async function askBattery(signal: AbortSignal): Promise<Readings> {
  const answer = (await askLibrary("battery", signal)) as Readonly<Record<string, unknown>>;
  if (answer["hasBattery"] !== true) return { battery: known(null), on_mains: known(true) };
  const { percent, acConnected } = answer;
  const told = typeof percent === "number" && percent > 0;
  return {
    battery: told ? known(percent) : unknown("the battery does not tell"),
    on_mains: known(acConnected === true),
  };
}
