import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { bash, fakeCommand, scratch } from "./bash.ts";

const archive = Buffer.from("what was published");
const sum = (algorithm: string) => createHash(algorithm).update(archive).digest("hex");
const apache = (hex: string) =>
  `archive.tgz: ${hex
    .toUpperCase()
    .match(/.{8}/g)
    ?.map((block, i) => (i % 4 === 0 ? `\n ${block}` : block))
    .join(" ")}\n`;

const published: Record<string, string | Buffer> = {
  "/archive.tgz": archive,
  "/coreutils": `${"0".repeat(64)}  other.tgz\n${sum("sha256")}  archive.tgz\n`,
  "/binary-mode": `${sum("sha512")} *archive.tgz\n`,
  "/apache": apache(sum("sha512")),
  "/bare": `${sum("sha512")}\n`,
  "/other-archive": `${sum("sha256")}  archive.tgz.asc\n`,
  "/wrong": `${"0".repeat(64)}  archive.tgz\n`,
  "/page": "<html>moved</html>",
};

describe("an official archive is taken only as published", () => {
  let server: Server;
  let base: string;
  let room: ReturnType<typeof scratch>;

  beforeAll(async () => {
    server = createServer((request, response) => {
      const body = published[request.url ?? ""];
      response.writeHead(body === undefined ? 404 : 200).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.close();
  });
  beforeEach(() => {
    room = scratch();
  });
  afterEach(() => room.remove());

  const fetchChecked = (url: string, name: string, sums: string, env?: Record<string, string>) =>
    bash(`. setup/download.sh; fetch_checked ${url} ${name} ${sums} ${room.folder}/got`, env);

  test.each(["coreutils", "binary-mode", "apache", "bare"])("sums in the form %s", async (sums) => {
    expect(await fetchChecked(base, "archive.tgz", sums)).toMatchObject({ status: 0, stderr: "" });
    expect(readFileSync(join(room.folder, "got"))).toEqual(archive);
  });

  test.each([
    ["another sum", "wrong", /sha256sum is [0-9a-f]{64}, expected 0{64}/],
    ["no sum of it", "other-archive", /has no sum of archive\.tgz/],
    ["a page in place of the sums", "page", /has no sum of archive\.tgz/],
    ["no file of sums", "missing", /404/],
  ])("%s: refused", async (_, sums, reason) => {
    const { status, stdout, stderr } = await fetchChecked(base, "archive.tgz", sums);
    expect(status).not.toBe(0);
    expect(stdout + stderr).toMatch(reason);
  });

  test("nobody there: refused at once", async () => {
    fakeCommand(join(room.folder, "path"), "curl", `echo >>${room.folder}/asked; exec /usr/bin/curl "$@"`);
    // Port 9 is discard; nothing listens there.
    const { status } = await fetchChecked("http://127.0.0.1:9", "archive.tgz", "bare", {
      PATH: `${room.folder}/path:${process.env.PATH}`,
    });
    expect(status).not.toBe(0);
    // It does not try again.
    expect(readFileSync(join(room.folder, "asked"), "utf8")).toBe("\n");
  });
});
