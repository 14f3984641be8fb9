import { createServer } from "node:net";
import { expect, jest, test } from "@jest/globals";
import { scanHostKeys } from "../../../provisioning/ssh/host-keys.ts";
import { listen, startLoopbackHost, target } from "../loopback-host.ts";

jest.setTimeout(60_000);

test("a host shows its keys, one of each type, without a login", async () => {
  const host = await startLoopbackHost({ hostKeyTypes: ["rsa", "ed25519", "ecdsa"] });
  const [rsa, ed25519, ecdsa] = host.hostKeys;
  expect(await scanHostKeys(target, host.login.port)).toEqual([ed25519, ecdsa, rsa]);
  await host.stop();
});

test("a host that lacks a type shows the others", async () => {
  const host = await startLoopbackHost({ hostKeyTypes: ["ecdsa"] });
  expect(await scanHostKeys(target, host.login.port)).toEqual(host.hostKeys);
  await host.stop();
});

test("a host without ssh is named", async () => {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  await expect(scanHostKeys(target, port)).rejects.toThrow(
    `rpi0 (127.0.0.1): no ssh server listens on 127.0.0.1 port ${port}.`,
  );
});

test("a host that hangs up is named", async () => {
  const server = createServer((socket) => socket.destroy());
  const port = await listen(server);
  await expect(scanHostKeys(target, port)).rejects.toThrow(`rpi0 (127.0.0.1): no answer from 127.0.0.1 port ${port}`);
  await new Promise((resolve) => server.close(resolve));
});
