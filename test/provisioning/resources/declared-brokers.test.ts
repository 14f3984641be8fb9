import { expect, test } from "@jest/globals";
import { converge, preview } from "../../../provisioning/provider/lifecycle.ts";
import { declaredBrokers } from "../../../provisioning/resources/declared-brokers.ts";
import { strictTopics } from "../strict-topics.ts";

const [rpi2, rpi3] = [{ rpi2: "10.42.0.252" }, { rpi3: "10.42.0.253" }];
const topic = { partitions: 1, replicationFactor: 1, config: {} };
const list = (brokers: Record<string, string>) => ({ brokers });

test.each([
  ["a first list", {}, rpi3, undefined],
  ["a broker that comes", { a: topic }, { ...rpi2, ...rpi3 }, rpi2],
  ["a broker with another address", { a: topic }, { rpi3: "10.42.0.9" }, rpi3],
  ["a broker without replicas that leaves", {}, rpi2, { ...rpi2, ...rpi3 }],
])("%s is taken, in preview and for real", async (_, topics, want, recorded) => {
  const { session } = strictTopics(topics);
  const change = [declaredBrokers, session, list(want), recorded && list(recorded)] as const;
  expect(await preview(...change)).toEqual(list(want));
  expect(await converge(...change)).toEqual(list(want));
});

test("a broker that leaves with replicas is refused, in preview and for real", async () => {
  const { session } = strictTopics({ a: topic, b: topic, c: topic, d: topic });
  for (const refusal of [preview, converge]) {
    await expect(refusal(declaredBrokers, session, list(rpi2), list({ ...rpi2, ...rpi3 }))).rejects.toThrow(
      "rpi3 (10.42.0.253): found replicas of 4 topics on its broker (a, b, c, ...); wanted none on a broker that is taken out. Leave rpi3 in the file, move them",
    );
  }
});
