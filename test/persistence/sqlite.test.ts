import { describe } from "vitest";
import { testPersistence } from "../contracts/persistence.js";
import { DRIVERS, openSteered, tempFile } from "../contracts/sqlite.js";

describe.each(DRIVERS)("persistence on SQLite with the driver %s", (driver) => {
  describe("in memory", () => testPersistence(() => openSteered({ driver })));
  describe("in a file", () => testPersistence(() => openSteered({ driver, path: tempFile() })));
});
