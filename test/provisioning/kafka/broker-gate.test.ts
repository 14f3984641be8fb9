import { expect, test } from "@jest/globals";
import {
  aloneOn,
  brokerGate,
  brokerObstacle,
  type ClusterFacts,
  heldBy,
} from "../../../provisioning/kafka/broker-gate.ts";

import type { HostAddress } from "../../../provisioning/ssh/host-error.ts";

const brokers = [0, 1, 2, 3].map((id) => ({ id, address: `10.42.0.25${id}` }));
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
  [
    "it is told of under another address, and nobody reaches it there",
    {
      brokers: brokers.map((one) => (one.id === 1 ? { ...one, address: "10.42.0.9" } : one)),
      partitions: [partition("a", [0, 1, 2], [0, 2]), partition("c", [0, 2, 3], [3])],
    },
    undefined,
  ],
  ["another is out", { brokers: brokers.filter(({ id }) => id !== 3) }, "only 3 of 4 brokers are up"],
  ["it and another are out", { brokers: brokers.slice(2) }, "only 2 of 4 brokers are up"],
  ["nobody is there", { brokers: [] }, "only 0 of 4 brokers are up"],
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
  expect(brokerObstacle({ ...healthy, ...differs }, 4, { id: 1, address: "10.42.0.251" })).toBe(obstacle);
});

test("the controller's address leads, as it is now; a broker is known by its host", async () => {
  const hosts = { rpi1: { id: 1, address: "10.42.0.251" }, rpi2: { id: 2, address: "10.42.0.9" } };
  expect(await brokerGate(hosts, 4, async () => healthy).leader()).toBe("10.42.0.9");
  expect(await brokerGate(hosts, 4, async () => ({ ...healthy, controllerId: null })).leader()).toBeUndefined();
  const there = { ...hosts, rpi2: { id: 2, address: "10.42.0.252" } };
  const lags = async () => ({ ...healthy, partitions: [partition("a", [0, 1, 2], [0, 2])] });
  const [rpi1, rpi2] = ["rpi1", "rpi2"].map((host) => ({ host, address: "anywhere" }));
  expect(await brokerGate(there, 4, lags).obstacle(rpi1 as HostAddress)).toBeUndefined();
  expect(await brokerGate(there, 4, lags).obstacle(rpi2 as HostAddress)).toMatch("partition a/0");
});

test("a broker is out when it is not there, or there under another address; one that lags is not", async () => {
  const hosts = Object.fromEntries(brokers.map((broker) => [`rpi${broker.id}`, broker]));
  const facts: ClusterFacts = {
    brokers: [...brokers.slice(0, 2), { id: 2, address: "10.42.0.9" }],
    controllerId: 0,
    partitions: [partition("a", [0, 1, 2], [0, 2])],
  };
  const gate = brokerGate(hosts, 4, async () => facts);
  const out = ["rpi0", "rpi1", "rpi2", "rpi3", "rpi4"].map((host) => gate.isOut({ host, address: "anywhere" }));
  expect(await Promise.all(out)).toEqual([false, false, true, true, false]);
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
