import { expect, it, onTestFinished } from "vitest";
import { freePort } from "../../scripts/lab/ports.js";
import { put } from "../contracts/board/subject.js";
import { makeCertificate } from "../support/certificate.js";
import { startConsul } from "../support/own-servers.js";
import { tempDir } from "../support/temp.js";
import { openBoardAt } from "./consul-subject.js";

it("a board talks TLS to its Consul agent, and to none with another's certificate", async () => {
  const dir = tempDir();
  const [server, other] = [makeCertificate(dir, "server"), makeCertificate(dir, "other")];
  const https = await freePort();
  const files = { cert_file: server.cert, key_file: server.key };
  const consul = await startConsul(dir, { config: files, ports: { https } });
  onTestFinished(() => consul.server.kill());
  const url = `consul+https://127.0.0.1:${String(https)}/tls`;

  const board = await openBoardAt(`${url}?ca-file=${server.cert}`);
  const id = await put(board);

  expect(await board.claim(id, "a.1")).toBe("claimed");
  await board.consume(id, "a.1");
  for (const query of [`?ca-file=${other.cert}`, ""]) {
    await expect(openBoardAt(url + query)).rejects.toMatchObject({
      code: "BOARD_DOWN",
      message: expect.stringContaining("certificate") as string,
    });
  }
  await expect(openBoardAt(url.replace("+https", ""))).rejects.toMatchObject({
    code: "BOARD_DOWN",
    hint: expect.stringContaining("write consul+https://") as string,
  });
  const plain = url.replace(String(https), String(consul.port));
  await expect(openBoardAt(plain)).rejects.toMatchObject({
    hint: expect.stringContaining("has no TLS") as string,
  });
});
