import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Facts } from "../../facts/facts.js";
import { tempDir } from "../support/temp.js";
import { machine } from "./machine.js";

describe("power", () => {
  const BATTERY = "/sys/class/power_supply/BAT0";
  const MAINS = "/sys/class/power_supply/AC";

  it.each([
    [{ status: "Discharging" }, "0", false],
    [{ status: "Charging" }, "1", true],
    [{ status: "Full" }, undefined, true],
    [{ status: "Discharging" }, undefined, false],
    [{ status: "Not charging" }, "0", false],
  ])("of a laptop with battery %j and mains %s", async ({ status }, online, mains) => {
    const facts = machine({
      [`${BATTERY}/type`]: "Battery\n",
      [`${BATTERY}/capacity`]: "78\n",
      [`${BATTERY}/status`]: `${status}\n`,
      ...(online === undefined
        ? {}
        : { [`${MAINS}/type`]: "Mains\n", [`${MAINS}/online`]: `${online}\n` }),
    });

    expect(await facts.refresh("battery")).toMatchObject({ known: 78 });
    expect(await facts.refresh("on_mains")).toMatchObject({ known: mains });
  });

  it("of a machine without a battery is mains, whatever its mouse runs on", async () => {
    const facts = machine({
      "/sys/class/power_supply/mouse/type": "Battery\n",
      "/sys/class/power_supply/mouse/scope": "Device\n",
      "/sys/class/power_supply/mouse/capacity": "5\n",
    });

    expect(await facts.refresh("battery")).toMatchObject({ known: null });
    expect(facts.get("on_mains")).toMatchObject({ known: true });
  });

  it("that cannot be read is unknown", async () => {
    const facts = machine({});

    expect(await facts.refresh("battery")).toMatchObject({
      unknown: expect.stringContaining("power supplies cannot be read"),
    });
  });

  it("of which a supply hides what it is is unknown", async () => {
    const hidden = machine({ [`${BATTERY}/uevent`]: "", [`${MAINS}/type`]: "Mains\n" });

    const why = { unknown: "the power supply BAT0 does not show what it is" };
    expect(await hidden.refresh("battery")).toEqual(why);
    expect(hidden.get("on_mains")).toEqual(why);
  });

  it("of which neither mains nor battery show their state is unknown", async () => {
    const facts = machine({ [`${BATTERY}/type`]: "Battery\n", [`${MAINS}/type`]: "Mains\n" });

    expect(await facts.refresh("on_mains")).toHaveProperty("unknown");
  });
});

describe("power of a phone that hides its supplies", () => {
  const HIDDEN = { "/sys/class/power_supply/battery/uevent": "", "/proc/version": "" };

  it.each([
    [{ percentage: 77, plugged: "UNPLUGGED", status: "DISCHARGING" }, 77, false],
    [{ percentage: 100, plugged: "PLUGGED_USB", status: "FULL" }, 100, true],
    [{ percentage: 40, status: "CHARGING" }, 40, true],
    [{ percentage: 40, status: "DISCHARGING" }, 40, false],
  ])("is what Termux tells: %j", async (told, percent, mains) => {
    const facts = phone(`echo '${JSON.stringify(told)}'`);

    expect(await facts.refresh("battery")).toMatchObject({ known: percent });
    expect(facts.get("on_mains")).toMatchObject({ known: mains });
  });

  it.each([
    ["sleep 60", "no answer within 4000 ms; is the app Termux:API installed?"],
    ["echo oops", "not valid JSON"],
    ["echo null", "it told nothing"],
    ["exit 3", "Command failed"],
    [undefined, "it is not installed (termux-api)"],
  ])("is unknown, with both reasons, when it does: %s", async (script, why) => {
    const fact = await phone(script).refresh("battery");

    expect(fact).toMatchObject({ unknown: expect.stringContaining("battery does not show what") });
    expect(fact).toMatchObject({ unknown: expect.stringContaining(why) });
  });

  it("is unknown where Termux tells nothing of it", async () => {
    const facts = phone("echo '{}'");

    expect(await facts.refresh("battery")).toHaveProperty("unknown");
    expect(facts.get("on_mains")).toHaveProperty("unknown");
  });

  it("is read from its files where they are shown, without any program", async () => {
    const facts = machine(
      {
        "/sys/class/power_supply/battery/type": "Battery\n",
        "/sys/class/power_supply/battery/capacity": "50\n",
        "/sys/class/power_supply/battery/status": "Discharging\n",
      },
      { platform: "android", path: "/nowhere" },
    );

    expect(await facts.refresh("battery")).toMatchObject({ known: 50 });
  });

  /** With a program of that text, or without. */
  function phone(script: string | undefined): Facts {
    const bin = tempDir();
    const file = join(bin, "termux-battery-status");
    if (script !== undefined) writeFileSync(file, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return machine(HIDDEN, { platform: "android", path: `${bin}:/bin:/usr/bin` });
  }
});
