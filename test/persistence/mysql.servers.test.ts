import { describe } from "vitest";
import { databaseOfChapter, openSteeredMysql } from "../contracts/mysql.js";
import { testPersistence } from "../contracts/persistence.js";

describe("persistence on MariaDB", () => {
  const empty = databaseOfChapter();

  testPersistence(async () => openSteeredMysql(await empty()));
});
