import { expect, test } from "@jest/globals";
import {
  aloneOn,
  brokerGate,
  brokerObstacle,
  type ClusterFacts,
  heldBy,
} from "../../../provisioning/kafka/broker-gate.ts";

const brokers = [0, 1, 2, 3].map((id) => ({ id, address: `10.42.0.25${id}` }));
const rpi1 = { host: "rpi1", address: "10.42.0.251" };
const partition = (topic: string, replicas: number[], inSync = replicas) => ({ topic, partition: 0, replicas, inSync });
const healthy: ClusterFacts = {
  brokers,
  controllerId: 2,
  partitions: [partition("a", [0, 1, 2]), partition("b", [3])],
};

test.each<[string, Partial<ClusterFacts>, string | undefined]>([
  ["all in sync", {}, undefined],
  ["its own replica lags: the restart may mend it", { partitions: [partition("a", [0, 1, 2], [0, 2])] }, undefined],
  ["it is out of the cluster already", { brokers: brokers.filter(({ id }) => id !== 1) }, undefined],
  ["another is out", { brokers: brokers.filter(({ id }) => id !== 3) }, "3 of 4 brokers are there"],
  ["it and another are out", { brokers: brokers.slice(2) }, "2 of 4 brokers are there"],
  ["nobody is there", { brokers: [] }, "0 of 4 brokers are there"],
  [
    "another's replica lags",
    { partitions: [partition("a", [0, 1, 2], [0, 1]), partition("b", [3])] },
    "partition a/0 has 2 of 3 replicas in sync",
  ],
  [
    "several lag",
    { partitions: [partition("a", [0, 1, 2], [1]), partition("b", [3], [3]), partition("c", [2, 3], [3])] },
    "partition a/0 (and 1 more) has 1 of 3 replicas in sync",
  ],
])("before a broker goes down: %s", (_, differs, obstacle) => {
  expect(brokerObstacle({ ...healthy, ...differs }, 4, rpi1)).toBe(obstacle);
});

test("the controller's address leads", async () => {
  expect(await brokerGate(4, async () => healthy).leader()).toBe("10.42.0.252");
  expect(await brokerGate(4, async () => ({ ...healthy, controllerId: null })).leader()).toBeUndefined();
});

test("a broker is told what only it has, and what it has at all", () => {
  const facts = { ...healthy, partitions: [...healthy.partitions, partition("c", [1, 2], [2]), partition("b", [2])] };
  expect([...aloneOn(facts)].filter(([, topics]) => topics.length > 0)).toEqual([
    ["10.42.0.252", ["b", "c"]],
    ["10.42.0.253", ["b"]],
  ]);
  expect(heldBy(facts, "10.42.0.251")).toEqual(["a", "c"]);
  expect(heldBy(facts, "10.42.0.9")).toEqual([]);
});
