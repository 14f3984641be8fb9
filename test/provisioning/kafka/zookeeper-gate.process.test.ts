import { createServer, type Server } from "node:net";
import { afterAll, expect, test } from "@jest/globals";
import { zookeeperGate } from "../../../provisioning/kafka/zookeeper-gate.ts";
import { listen } from "../loopback-host.ts";

const rpi1 = { host: "rpi1", address: "10.42.0.251" };

const servers: Server[] = [];
afterAll(() => servers.forEach((server) => void server.close()));

/** A member that answers `srvr` with this text and hangs up, as ZooKeeper does. */
async function member(text: string): Promise<string> {
  const server = createServer((socket) =>
    socket.once("data", (asked) => socket.end(String(asked) === "srvr" ? text : "unknown command")),
  );
  servers.push(server);
  return `127.0.0.1:${await listen(server)}`;
}

test("a member says over the network what it is", async () => {
  const answer = (mode: string) =>
    `Zookeeper version: 3.8.4\nLatency min/avg/max: 0/0.0/0\nZxid: 0x0\nMode: ${mode}\nNode count: 5\n`;
  const leader = await member(answer("leader"));
  const observer = await member(answer("observer"));
  const alone = await member("This ZooKeeper instance is not currently serving requests\n");
  const gate = zookeeperGate([observer, leader]);
  expect(await gate.leader()).toBe("127.0.0.1");
  expect(await gate.obstacle(rpi1)).toBeUndefined();
  expect(await gate.isOut({ host: "rpi0", address: "127.0.0.1" })).toBe(false);
  expect(await zookeeperGate([alone]).isOut({ host: "rpi0", address: "127.0.0.1" })).toBe(true);
  expect(await zookeeperGate([alone]).isOut(rpi1)).toBe(false);
  expect(await zookeeperGate([leader, alone, "127.0.0.1:1"]).obstacle(rpi1)).toBe(
    `${alone}, 127.0.0.1:1 do not serve clients yet`,
  );
});
