import { expect, it } from "vitest";
import {
  haveOtherServers,
  howToInstall,
  lacksServer,
  missingServers,
} from "../../scripts/stages/servers.mjs";
import { tempDir } from "../support/temp.js";

it("names the packages whose programs are not on PATH", () => {
  // /usr/sbin is always looked at: what is there is no answer to this test.
  const here = missingServers(tempDir());

  expect(here).toContain("redis-server");
  expect(howToInstall(here)).toContain(`SKIPPED: ${here.join(", ")} not on PATH`);
});

it("has other servers when each address is given, or an engine", () => {
  const all = {
    JOBRUNNER_TEST_REDIS_URL: "redis://r",
    JOBRUNNER_TEST_CONSUL_URL: "http://c",
    JOBRUNNER_TEST_MYSQL_URL: "mysql://m/d",
  };

  expect(haveOtherServers(all)).toBe(true);
  expect(haveOtherServers({ DOCKER_HOST: "tcp://d" })).toBe(true);
});

it.each([
  [["python3-gi", "openssl"], false],
  [["python3-gi", "consul"], true],
  [["redis-server"], true],
  [["mariadb-server"], true],
])("skips every test of servers without %j: %s", (missing, lacks) => {
  expect(lacksServer(missing)).toBe(lacks);
});
