import { expect, it } from "vitest";
import { openMysql } from "../../contracts/mysql.js";
import { newJob } from "../../contracts/samples.js";
import { closing } from "../../contracts/sqlite.js";
import { makeCertificate } from "../../support/certificate.js";
import { startMariadb } from "../../support/own-servers.js";
import { tempDir } from "../../support/temp.js";

it("talks TLS to a database that takes nothing else, and to none with another's certificate", async () => {
  const dir = tempDir();
  const [server, other] = [makeCertificate(dir, "server"), makeCertificate(dir, "other")];
  const elsewhere = (url: string): string => url.replace("127.0.0.1", "localhost");
  const mariadb = await startMariadb(dir, {
    args: [
      ...[`--ssl-cert=${server.cert}`, `--ssl-key=${server.key}`],
      "--require-secure-transport=ON",
    ],
  });
  closing(mariadb.server);
  const job = newJob();

  const persistence = await openMysql(`${mariadb.url}?ca=${server.cert}`);
  await persistence.post(job);

  expect(await persistence.job(job.id)).toMatchObject({ id: job.id });
  await expect(openMysql(`${mariadb.url}?ca=${other.cert}`)).rejects.toMatchObject({
    code: "PERSISTENCE_DOWN",
    message: expect.stringContaining("cannot be talked to with TLS") as string,
  });
  // The certificate is for the address in digits.
  await expect(openMysql(`${elsewhere(mariadb.url)}?ca=${server.cert}`)).rejects.toMatchObject({
    message: expect.stringContaining("does not match certificate's altnames") as string,
  });
  await expect(openMysql(`${mariadb.url}?ssl=true`)).rejects.toMatchObject({
    message: expect.stringMatching(/TLS.*self-signed/) as string,
  });
  await expect(openMysql(mariadb.url)).rejects.toMatchObject({
    hint: expect.stringContaining("if it wants TLS") as string,
  });
});
