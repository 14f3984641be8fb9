import { expect, test } from "@jest/globals";
import type { Change } from "../../../provisioning/impact/change.ts";
import { describeImpact } from "../../../provisioning/provider/describe-impact.ts";
import { strictTopics } from "../strict-topics.ts";

const declared = (hosts: Record<string, string>, topics: string[]) => ({
  hosts,
  firstServers: [],
  bootstrapServers: Object.values(hosts).map((address) => `${address}:9092`),
  keepData: false,
  services: {},
  topics: Object.fromEntries(topics.map((name) => [name, { role: "stream" }])),
});
const before = declared({ rpi0: "10.42.0.250", rpi1: "10.42.0.251" }, ["out", "mid"]);
const after = declared({ rpi0: "10.42.0.250" }, ["mid"]);
const unit = { host: "rpi0", address: "10.42.0.250", name: "kafka.service", active: "active", running: "current" };
const roll: Change = {
  ...{ token: "bramble:systemd:Unit", operation: "update", steps: ["restart kafka.service"] },
  ...{ recorded: unit, have: { ...unit, running: "outdated" }, want: unit },
};

test("what Kafka has to say to a plan is asked of it", async () => {
  const facts = { partitions: 1, replicationFactor: 1, config: {} };
  const { session } = strictTopics({ out: { ...facts, records: 3 }, mid: facts });
  const said = (await describeImpact(session, [roll], before, after)).join("\n");
  expect(said).toContain("the replicas of 2 topics on the broker of rpi1 are first moved to the other brokers.");
  expect(said).toContain("topic out is deleted: 3 records");
});

test("a Kafka that does not answer stops no preview, and leaves what it would say open", async () => {
  const { session } = strictTopics({});
  const dead = { ...session, topics: () => Promise.reject(new Error("There is no leader for this topic-partition")) };
  const said = (await describeImpact(dead, [roll], before, after)).join("\n");
  expect(said).toContain("Kafka does not answer now, so it is not known which topics will be unavailable");
  expect(said).toContain("topic out is deleted: an unknown number of records is lost, as Kafka does not answer now.");
  expect(said).toContain("rpi1 leaves the cluster");
});
