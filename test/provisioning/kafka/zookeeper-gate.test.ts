import { expect, test } from "@jest/globals";
import { ensembleObstacle, type Mode, zookeeperGate } from "../../../provisioning/kafka/zookeeper-gate.ts";

const members = ["10.42.0.250:2181", "10.42.0.251:2181", "10.42.0.252:2181", "10.42.0.253:2181"];
const rpi1 = { host: "rpi1", address: "10.42.0.251" };

test.each<[string, Mode[], string | undefined]>([
  ["all serve", ["follower", "follower", "leader", "observer"], undefined],
  ["it does not serve itself: the restart may mend it", ["follower", undefined, "leader", "observer"], undefined],
  [
    "others do not serve",
    [undefined, "follower", "leader", undefined],
    "10.42.0.250:2181, 10.42.0.253:2181 do not serve clients yet",
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
