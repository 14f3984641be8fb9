import { expect, test } from "@jest/globals";
import { converge, preview } from "../../../provisioning/provider/lifecycle.ts";
import { declaredBrokers } from "../../../provisioning/resources/declared-brokers.ts";
import { stopUnit } from "../../../provisioning/resources/unit.ts";
import { strictHost } from "../strict-host.ts";
import { strictTopics } from "../strict-topics.ts";

const [rpi2, rpi3] = [{ rpi2: "10.42.0.252" }, { rpi3: "10.42.0.253" }];
const list = (brokers: Record<string, string>) => ({ brokers });

test.each([
  ["a first list", rpi3, undefined, []],
  ["a broker that comes", { ...rpi2, ...rpi3 }, rpi2, []],
  ["a broker with another address", { rpi3: "10.42.0.9" }, rpi3, []],
  ["a broker that leaves, whose replicas go first", rpi2, { ...rpi2, ...rpi3 }, [["moveAway", "10.42.0.253"]]],
])("%s is taken, and preview moves nothing", async (_, want, recorded, moved) => {
  const { session, changes } = strictTopics({});
  const change = [declaredBrokers, session, list(want), recorded && list(recorded)] as const;
  expect(await preview(...change)).toEqual(list(want));
  expect(changes).toEqual([]);
  expect(await converge(...change)).toEqual(list(want));
  expect(changes).toEqual(moved);
});

test("a broker that leaves a cluster with KRaft is stopped, and its id given up", async () => {
  const stop = stopUnit("kafka.service").argv.join(" ");
  const { session, changes } = strictTopics({});
  const { session: onHost, log } = strictHost({ [stop]: {} });
  const with4 = (brokers: Record<string, string>) => ({ ...list(brokers), kafka: { version: "4.3.1" } });
  await converge(declaredBrokers, { ...session, host: onHost.host }, with4(rpi2), with4({ ...rpi2, ...rpi3 }));
  expect(log).toEqual([`run ${stop}`]);
  expect(changes).toEqual([
    ["moveAway", "10.42.0.253"],
    ["unregister", 3],
  ]);
});

test("another series of Kafka than brokers can go to is refused in preview, and moves nothing", async () => {
  const { session, changes } = strictTopics({});
  const wanted = { ...list(rpi2), kafka: { version: "3.8.1", protocol: "3.8.1" } };
  const recorded = { ...list({ ...rpi2, ...rpi3 }), kafka: { version: "3.9.2", protocol: "3.9.2" } };
  for (const act of [preview, converge]) {
    await expect(act(declaredBrokers, session, wanted, recorded)).rejects.toThrow(
      "Kafka: the brokers have worked as Kafka 3.9, and Kafka 3.8 (version 3.8.1) cannot read",
    );
  }
  expect(changes).toEqual([]);
});
