import { join } from "node:path";
import { exists, namesIn, readText } from "../files.js";
import { askLibrary } from "../probe.js";
import { known, type Place, type Reading, type Source, unknown } from "../source.js";

/** PCI vendors of graphics processors; cards that only draw a server's console are not among them. */
const VENDORS: Readonly<Record<string, string>> = {
  "0x10de": "NVIDIA",
  "0x1002": "AMD",
  "0x8086": "Intel",
};

/** Graphics processors that programs may compute with. */
export function gpuSource(place: Place): Source {
  const linux = place.platform === "linux" || place.platform === "android";
  return {
    names: ["gpus"],
    limitMs: linux ? 2_000 : 15_000,
    async read(signal) {
      if (!linux) return { gpus: await askGraphics(signal) };
      return { gpus: await readDevices(place) };
    },
  };
}

async function readDevices({ root, platform }: Place): Promise<Reading<readonly string[]>> {
  const nvidia = await readNvidia(root);
  const cards = await namesIn(join(root, "/sys/class/drm"));
  const vendors = await Promise.all(
    (cards ?? [])
      .filter((card) => /^card\d+$/.test(card))
      .map((card) => vendorOf(join(root, "/sys/class/drm", card, "device/vendor"))),
  );
  // The driver's own list has the model's name in the vendor's place.
  const others = vendors.filter((vendor) => vendor !== undefined && !named(nvidia, vendor));
  const found = [...nvidia, ...(others as readonly string[])];
  if (found.length > 0) return known(found);
  if (
    cards === undefined &&
    (platform === "android" || !(await exists(join(root, "/sys/class"))))
  ) {
    return unknown("the system does not show its devices");
  }
  return known([]);
}

function named(models: readonly string[], vendor: string): boolean {
  return vendor === "NVIDIA" && models.length > 0;
}

/** What the NVIDIA driver says, also inside a container that has been given its devices. */
async function readNvidia(root: string): Promise<readonly string[]> {
  const directory = join(root, "/proc/driver/nvidia/gpus");
  const names = (await namesIn(directory)) ?? [];
  const texts = await Promise.all(
    names.map((name) => readText(join(directory, name, "information"))),
  );
  return texts.map((text) => /^Model:\s*(.+)$/m.exec(text ?? "")?.[1]?.trim() ?? "NVIDIA");
}

async function vendorOf(file: string): Promise<string | undefined> {
  return VENDORS[(await readText(file))?.trim() ?? "not on the PCI bus"];
}

async function askGraphics(signal: AbortSignal): Promise<Reading<readonly string[]>> {
  const { controllers } = (await askLibrary("graphics", signal)) as { controllers?: unknown };
  if (!Array.isArray(controllers)) return unknown("the system does not show its devices");
  const models = (controllers as readonly { readonly model?: unknown }[]).map(({ model }) => model);
  return known(
    models.filter((model): model is string => typeof model === "string" && model !== ""),
  );
}
