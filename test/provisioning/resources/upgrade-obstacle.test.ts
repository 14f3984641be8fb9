import { expect, test } from "@jest/globals";
import { type KafkaRelease, upgradeObstacle } from "../../../provisioning/resources/upgrade-obstacle.ts";

const zookeeper = (version: string, protocol = version): KafkaRelease => ({ version, protocol });
const kraft = (version: string): KafkaRelease => ({ version });
const older = /^Kafka: the brokers have worked as Kafka (\S+), and Kafka (\S+) \(version /;
const twoSteps =
  /write `inter\.broker\.protocol\.version: "(\S+)"` under cluster\/kafka\/config and run `pulumi up`; then/;

test.each<[string, KafkaRelease, KafkaRelease, RegExp | undefined, ...string[]]>([
  ["nothing changes", zookeeper("3.9.1"), zookeeper("3.9.1"), undefined],
  ["a newer patch", zookeeper("3.9.1"), zookeeper("3.9.2"), undefined],
  ["an older patch", zookeeper("3.9.2"), zookeeper("3.9.1"), undefined],
  ["a newer series at once", zookeeper("3.8.1"), zookeeper("3.9.2"), twoSteps, "3.8"],
  ["two digits are a number", zookeeper("3.9.1"), zookeeper("3.10.0"), twoSteps, "3.9"],
  ["first of two steps", zookeeper("3.8.1"), zookeeper("3.9.2", "3.8"), undefined],
  ["second of two steps", zookeeper("3.9.2", "3.8"), zookeeper("3.9.2"), undefined],
  ["back after the first of them", zookeeper("3.9.2", "3.8-IV0"), zookeeper("3.8.1"), undefined],
  ["back after the second", zookeeper("3.9.2"), zookeeper("3.8.1"), older, "3.9", "3.8"],
  ["an older protocol alone", zookeeper("3.9.2"), zookeeper("3.9.2", "3.8"), older, "3.9", "3.8"],
  ["both steps in one, with a patch", zookeeper("3.9.1", "3.8"), zookeeper("3.9.2"), undefined],
  ["a newer patch of Kafka 4", kraft("4.3.0"), kraft("4.3.1"), undefined],
  ["a newer series of Kafka 4, whose brokers agree on what they speak", kraft("4.2.1"), kraft("4.3.1"), undefined],
  ["an older series of Kafka 4", kraft("4.3.0"), kraft("4.2.1"), older, "4.3", "4.2"],
  ["another mode, which is refused elsewhere", zookeeper("3.9.2"), kraft("4.3.1"), undefined],
])("%s", (_, from, to, refusal, ...told) => {
  const obstacle = upgradeObstacle(from, to);
  if (refusal === undefined) expect(obstacle).toBeUndefined();
  else expect(refusal.exec(obstacle ?? "")?.slice(1)).toEqual(told);
});
