import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { readText } from "../files.js";
import { askLibrary } from "../probe.js";
import { askTermux } from "../termux.js";
import {
  known,
  type Place,
  type Reading,
  type Readings,
  reasonOf,
  type Source,
  unknown,
} from "../source.js";

const PLACE = "/sys/class/power_supply";

/** Battery and mains. */
export function powerSource(place: Place): Source {
  const names = ["battery", "on_mains"] as const;
  if (place.platform === "linux") {
    return { names, everyMs: 30_000, read: () => readSupplies(place) };
  }
  return {
    names,
    // Each look may be a process, 250 ms of a processor: seldom.
    ...{ everyMs: 120_000, restMs: 30_000, limitMs: 10_000 },
    read: (signal) =>
      place.platform === "android" ? readPhone(place, signal) : askBattery(signal),
  };
}

/** Only with root's rights does a phone show more than the names of its supplies. */
async function readPhone(place: Place, signal: AbortSignal): Promise<Readings> {
  const shown = await readSupplies(place);
  if (isKnown(shown.battery) && isKnown(shown.on_mains)) return shown;
  const asked = await askTermux(place.path, signal);
  return {
    battery: either(shown.battery, asked.battery),
    on_mains: either(shown.on_mains, asked.on_mains),
  };
}

function isKnown<T>(reading: Reading<T> | undefined): boolean {
  return reading !== undefined && "known" in reading;
}

function either<T>(first: Reading<T> | undefined, second: Reading<T> | undefined): Reading<T> {
  const readings = [first, second].flatMap((reading) => reading ?? []);
  const told = readings.find(isKnown);
  return (
    told ?? unknown(readings.map((each) => ("unknown" in each ? each.unknown : "")).join("; "))
  );
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
  // Each has a type; what does not show it may well be the battery.
  const hidden = names.filter((_, index) => supplies[index]?.type === "");
  if (hidden.length > 0) {
    const why = unknown(`the power supply ${hidden.join(", ")} does not show what it is`);
    return { battery: why, on_mains: why };
  }
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
  const offline = mains.length > 0 && mains.every(({ online }) => online === "0");
  return offline ? known(false) : unknown("neither mains nor battery tell");
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
