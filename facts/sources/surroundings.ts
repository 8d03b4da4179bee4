import { join } from "node:path";
import { exists, readText } from "../files.js";
import { known, type Place, type Reading, type Source, unknown } from "../source.js";

/** What this system runs in: a container, a virtual machine, both, or neither. */
export function surroundingsSource(place: Place): Source {
  return {
    names: ["container", "virtual_machine"],
    async read() {
      if (place.platform !== "linux") {
        const why = unknown(`not told on ${place.platform}`);
        return { container: why, virtual_machine: why };
      }
      return { container: await containerOf(place), virtual_machine: await machineOf(place) };
    },
  };
}

/** Files that container engines leave, and the word for each. */
const MARKS = [
  ["/.dockerenv", "docker"],
  ["/run/.containerenv", "podman"],
] as const;

async function containerOf({ root }: Place): Promise<Reading<string | null>> {
  for (const [file, kind] of MARKS) {
    if (await exists(join(root, file))) return known(kind);
  }
  // Written by systemd for whatever told it: systemd-nspawn, lxc, ...
  const told = (await readText(join(root, "/run/systemd/container")))?.trim();
  if (told !== undefined && told !== "") return known(told);
  const groups = await readText(join(root, "/proc/1/cgroup"));
  const kind = /\b(docker|lxc|kubepods|libpod|containerd)\b/.exec(groups ?? "")?.[1];
  if (kind !== undefined) return known(kind);
  if (groups === undefined) return unknown("/proc/1/cgroup cannot be read");
  // With a namespace of its own the first process is at the root, on a machine below init.scope.
  const hidden = groups.trim() === "0::/" && !(await exists(join(root, "/run/systemd/system")));
  return hidden ? unknown("the control groups are hidden, as in a container") : known(null);
}

/** What firmware calls itself, and what it is called. */
const FIRMWARE = [
  [/qemu|kvm/i, "kvm"],
  [/vmware/i, "vmware"],
  [/virtualbox|innotek/i, "virtualbox"],
  [/xen/i, "xen"],
  [/microsoft corporation.*virtual/is, "hyper-v"],
  [/amazon ec2/i, "amazon"],
  [/google compute engine/i, "google"],
] as const;

async function machineOf({ root }: Place): Promise<Reading<string | null>> {
  const files = ["sys_vendor", "product_name"].map((name) => join(root, "/sys/class/dmi/id", name));
  const firmware = (await Promise.all(files.map(readText))).join(" ");
  const kind = FIRMWARE.find(([words]) => words.test(firmware))?.[1];
  if (kind !== undefined) return known(kind);
  const cpu = await readText(join(root, "/proc/cpuinfo"));
  if (cpu === undefined) return unknown("/proc/cpuinfo cannot be read");
  if (/^flags\s*:.*\bhypervisor\b/m.test(cpu)) return known("other");
  const tells = firmware.trim() !== "" || /^flags\s*:/m.test(cpu);
  return tells ? known(null) : unknown("neither firmware nor processor say so");
}
