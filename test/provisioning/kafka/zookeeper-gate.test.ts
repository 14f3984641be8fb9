import { createServer, type Server } from "node:net";
import { afterAll, expect, jest, test } from "@jest/globals";
import { ensembleObstacle, type Mode, zookeeperGate } from "../../../provisioning/kafka/zookeeper-gate.ts";
import { listen } from "../loopback-host.ts";

jest.setTimeout(60_000);

const members = ["10.42.0.250:2181", "10.42.0.251:2181", "10.42.0.252:2181", "10.42.0.253:2181"];
const rpi1 = { host: "rpi1", address: "10.42.0.251" };

test.each<[string, Mode[], string | undefined]>([
  ["all serve", ["follower", "follower", "leader", "observer"], undefined],
  ["it does not serve itself: the restart may mend it", ["follower", undefined, "leader", "observer"], undefined],
  [
    "others do not serve",
    [undefined, "follower", "leader", undefined],
    "10.42.0.250:2181, 10.42.0.253:2181 serves no clients yet",
  ],
])("before a member goes down: %s", (_, modes, obstacle) => {
  expect(
    ensembleObstacle(
      members.map((member, i) => [member, modes[i]] as const),
      rpi1,
    ),
  ).toBe(obstacle);
});

test("the leader's address leads", async () => {
  const ask = async (member: string): Promise<Mode> => (member === members[2] ? "leader" : "follower");
  expect(await zookeeperGate(members, ask).leader()).toBe("10.42.0.252");
  expect(await zookeeperGate(members, async () => undefined).leader()).toBeUndefined();
});

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
    `${alone}, 127.0.0.1:1 serves no clients yet`,
  );
});
