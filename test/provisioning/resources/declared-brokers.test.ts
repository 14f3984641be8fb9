import { expect, test } from "@jest/globals";
import { converge, preview } from "../../../provisioning/provider/lifecycle.ts";
import { declaredBrokers } from "../../../provisioning/resources/declared-brokers.ts";
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
