import { chmodSync, mkdirSync, statfsSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { arch, totalmem } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { systemClock } from "../../cli/clock.js";
import { createFacts } from "../../facts/facts.js";
import { diskSource } from "../../facts/sources/disk.js";
import { createSources } from "../../facts/sources.js";
import { FakeClock } from "../support/fake-clock.js";
import { tempDir } from "../support/temp.js";
import { look, machine } from "./machine.js";

describe("on this machine", () => {
  it("the processor, the memory and Node are known", async () => {
    const facts = look();
    const fresh = async () => ({
      arch: await facts.refresh("arch"),
      cpu_count: await facts.refresh("cpu_count"),
      node_version: await facts.refresh("node_version"),
      memory_total: await facts.refresh("memory_total"),
      memory_free: await facts.refresh("memory_free"),
      load: await facts.refresh("load"),
    });

    const { memory_total: total, memory_free: free, ...others } = await fresh();

    expect(others).toMatchObject({
      arch: { known: arch() },
      cpu_count: { known: expect.any(Number) },
      node_version: { known: process.versions.node },
      load: { known: expect.any(Number) },
    });
    if (!("known" in total) || !("known" in free)) throw new Error("the memory is unknown");
    expect(total.known).toBeLessThanOrEqual(totalmem());
    expect(free.known).toBeGreaterThan(0);
    expect(free.known).toBeLessThanOrEqual(total.known);
  });

  it("every fact is known, or unknown with a reason", async () => {
    const facts = look();
    for (const name of Object.keys(facts.snapshot())) await facts.refresh(name as "load");

    for (const fact of Object.values(facts.snapshot())) {
      expect("known" in fact ? fact.known : fact.unknown).not.toBeUndefined();
      expect(fact).not.toEqual({ unknown: "not looked at yet" });
    }
  });

  it("the free space of a path is that of its file system", async () => {
    const { bavail, bsize } = statfsSync("/");
    const fact = await look().about("disk_free", "/");

    if (!("known" in fact)) throw new Error(fact.unknown);
    expect(Math.abs(fact.known - bavail * bsize)).toBeLessThan(2 ** 30);
    expect(await look().about("disk_free", "/no/such/path")).toMatchObject({
      unknown: expect.stringContaining("ENOENT"),
    });
  });

  it("disks that hang keep no more than two threads, and their paths are named", async () => {
    const { keyed } = createSources();
    const asked: string[] = [];
    const hangs = (path: string): Promise<number> => {
      asked.push(path);
      return new Promise(() => undefined);
    };
    const clock = new FakeClock();
    const dead = { ...keyed, disk_free: diskSource(hangs) };
    const facts = createFacts({ clock, agent: "alpha", sources: [], keyed: dead });
    onTestFinished(() => facts[Symbol.asyncDispose]());
    const first = [facts.about("disk_free", "/dead/1"), facts.about("disk_free", "/dead/2")];
    await clock.advance(2_000);
    await Promise.all(first);

    expect(await facts.about("disk_free", "/dead/3")).toEqual({
      unknown: "the file systems of /dead/1 and /dead/2 do not answer",
    });
    expect(asked).toEqual(["/dead/1", "/dead/2"]);
  });

  it("a port somebody listens on is among those that are not free", async () => {
    const server = createServer();
    onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port was given");
    const { port } = address;
    const facts = look({ ports: [port, port] });

    expect(await facts.refresh("listening_ports")).toMatchObject({
      known: expect.arrayContaining([port]),
    });
    expect(facts.get("free_ports")).toMatchObject({ known: [] });
  });
});

describe("programs", () => {
  it("are found as a shell finds them: the first on the path that may be run", async () => {
    const [first, second] = [tempDir(), tempDir()];
    writeFileSync(join(first, "tool"), "");
    chmodSync(join(first, "tool"), 0o644);
    mkdirSync(join(first, "folder"));
    writeFileSync(join(second, "tool"), "");
    chmodSync(join(second, "tool"), 0o755);
    symlinkSync("tool", join(second, "link"));
    const facts = look({ place: { path: `${first}:${second}` } });

    expect(await facts.about("programs", "tool")).toMatchObject({ known: join(second, "tool") });
    expect(await facts.about("programs", "link")).toMatchObject({ known: join(second, "link") });
    expect(await facts.about("programs", "folder")).toMatchObject({ known: null });
    expect(await facts.about("programs", "../tool")).toMatchObject({
      unknown: "a program is named without a directory",
    });
  });
});

describe("graphics processors", () => {
  it("are named by their vendor, or by the driver that knows the model", async () => {
    const facts = machine({
      "/sys/class/drm/card0/device/vendor": "0x8086\n",
      "/sys/class/drm/card1/device/vendor": "0x10de\n",
      "/sys/class/drm/card0-HDMI-A-1/status": "connected\n",
      "/proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA GeForce RTX 3060\n",
    });

    expect(await facts.refresh("gpus")).toMatchObject({
      known: ["NVIDIA GeForce RTX 3060", "Intel"],
    });
  });

  it("are none where there is only a server's console", async () => {
    const facts = machine({ "/sys/class/drm/card0/device/vendor": "0x1a03\n" });

    expect(await facts.refresh("gpus")).toMatchObject({ known: [] });
  });

  it("are unknown where devices are hidden", async () => {
    expect(await machine({}).refresh("gpus")).toHaveProperty("unknown");
    const phone = machine({ "/sys/class/net/x": "" }, { platform: "android" });
    expect(await phone.refresh("gpus")).toHaveProperty("unknown");
  });
});

describe("surroundings", () => {
  const CPU = "flags\t\t: fpu vme";

  it.each([
    [{ "/.dockerenv": "", "/proc/1/cgroup": "0::/" }, "docker"],
    [{ "/run/.containerenv": "" }, "podman"],
    [{ "/run/systemd/container": "systemd-nspawn\n" }, "systemd-nspawn"],
    [{ "/proc/1/cgroup": "12:pids:/kubepods/besteffort/pod1" }, "kubepods"],
    [{ "/proc/1/cgroup": "0::/init.scope" }, null],
  ])("%j are the container %s", async (files, kind) => {
    const facts = machine(files as Readonly<Record<string, string>>);

    expect(await facts.refresh("container")).toMatchObject({ known: kind });
  });

  it.each([
    [{ "/sys/class/dmi/id/sys_vendor": "QEMU\n", "/proc/cpuinfo": CPU }, "kvm"],
    [{ "/proc/cpuinfo": `${CPU} hypervisor lm\n` }, "other"],
    [{ "/proc/cpuinfo": CPU, "/sys/class/dmi/id/sys_vendor": "LENOVO\n" }, null],
  ])("%j are the machine %s", async (files, kind) => {
    const facts = machine(files as Readonly<Record<string, string>>);

    expect(await facts.refresh("virtual_machine")).toMatchObject({ known: kind });
  });

  it("are unknown where /proc is hidden", async () => {
    expect(await machine({}).refresh("container")).toHaveProperty("unknown");
    expect(await machine({}).refresh("virtual_machine")).toHaveProperty("unknown");
  });

  it("are unknown where nobody can tell", async () => {
    const pod = machine({ "/proc/1/cgroup": "0::/\n", "/proc/cpuinfo": "Features : fp asimd\n" });
    const minimal = machine({ "/proc/1/cgroup": "0::/\n", "/run/systemd/system/x": "" });

    expect(await pod.refresh("container")).toHaveProperty("unknown");
    expect(await pod.refresh("virtual_machine")).toHaveProperty("unknown");
    expect(await minimal.refresh("container")).toMatchObject({ known: null });
  });

  it("of a maker that sells machines and rents them are told apart", async () => {
    const name = (product: string): ReturnType<typeof machine> =>
      machine({
        "/sys/class/dmi/id/sys_vendor": "Google\n",
        ...{ "/sys/class/dmi/id/product_name": `${product}\n`, "/proc/cpuinfo": CPU },
      });

    expect(await name("Google Compute Engine").refresh("virtual_machine")).toMatchObject({
      known: "google",
    });
    expect(await name("Eve").refresh("virtual_machine")).toMatchObject({ known: null });
  });
});

describe("sockets", () => {
  const HEAD =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n";
  const line = (port: number, state: string): string =>
    `   0: 00000000:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 ${state} 0\n`;

  it("that listen are told apart from connections, in both families", async () => {
    const facts = machine({
      "/proc/net/tcp": HEAD + line(8001, "0A") + line(8000, "01"),
      "/proc/net/tcp6": HEAD + line(8002, "0A"),
    });

    expect(await facts.refresh("listening_ports")).toMatchObject({ known: [8001, 8002] });
    expect(facts.get("free_ports")).toMatchObject({ known: [8000, 8003] });
  });

  it("are unknown where the tables are hidden", async () => {
    expect(await machine({}).refresh("listening_ports")).toHaveProperty("unknown");
  });

  it("are read from a table of any size without losing a line", async () => {
    const many = Array.from({ length: 20_000 }, (_, n) => line(10_000 + n, n % 2 ? "01" : "0A"));
    const facts = machine({ "/proc/net/tcp": HEAD + many.join("") });

    const fact = await facts.refresh("listening_ports");
    expect("known" in fact ? fact.known.length : fact.unknown).toBe(10_000);
  });
});

describe("on a system without /proc", () => {
  it("the library answers in a process of its own", async () => {
    const facts = machine({}, { platform: "darwin" });

    // It answers for the system it really runs on: a machine with no or some battery.
    expect(await facts.refresh("on_mains")).toMatchObject({ known: expect.any(Boolean) });
    expect(await facts.refresh("gpus")).toMatchObject({ known: expect.any(Array) });
  }, 30_000);

  it("what hangs is ended with its process", async () => {
    const { sources, keyed } = createSources({ place: { platform: "darwin" } });
    const hasty = sources.map((source) => ({ ...source, limitMs: 1 }));
    const facts = createFacts({ clock: systemClock, agent: "alpha", sources: hasty, keyed });
    onTestFinished(() => facts[Symbol.asyncDispose]());

    expect(await facts.refresh("on_mains")).toEqual({ unknown: "no answer within 1 ms" });
  });
});
