import { expect, test } from "@jest/globals";
import { diff } from "../../../provisioning/provider/diff.ts";
import { converge, preview } from "../../../provisioning/provider/lifecycle.ts";
import {
  type DynamicBrokerConfigArgs,
  dynamicBrokerConfig as type,
} from "../../../provisioning/resources/dynamic-broker-config.ts";
import { strictSettings } from "../strict-settings.ts";

const brokerAddress = (id: number) => ({ id, server: `10.42.0.25${id}:9092` });
const brokers = { rpi0: brokerAddress(0), rpi2: brokerAddress(2) };
const want: DynamicBrokerConfigArgs = {
  brokers,
  config: { "log.retention.ms": "60000" },
  overrides: { rpi0: {}, rpi2: {} },
};
const set = { "log.retention.ms": "60000" };

test("settings as wanted are left alone", async () => {
  const { session, changes } = strictSettings({ 0: { forAll: set, alone: {} }, 2: { forAll: set, alone: {} } });
  const have = await type.observe(session, want);
  expect(have).toEqual(want);
  expect(await preview(type, session, { ...want }, { ...want })).toEqual(want);
  expect(changes).toEqual([]);
});

test("what another hand set, on all brokers or on one, shows by name and is taken back; a throttle in force is not", async () => {
  const { session, changes } = strictSettings({
    0: { forAll: { "log.retention.ms": "1", "log.roll.ms": "5" }, alone: {} },
    2: {
      forAll: { "log.retention.ms": "1", "log.roll.ms": "5" },
      alone: { "num.io.threads": "9", "leader.replication.throttled.rate": "1000" },
    },
  });
  const have = (await type.observe(session, want)) as DynamicBrokerConfigArgs;
  expect(diff(type, { ...have }, { ...want }, { ...want })).toEqual([
    { path: 'config["log.retention.ms"]', kind: "update", replace: false },
    { path: 'config["log.roll.ms"]', kind: "delete", replace: false },
    { path: 'overrides.rpi2["num.io.threads"]', kind: "delete", replace: false },
  ]);
  expect(await converge(type, session, { ...want }, { ...want })).toEqual(want);
  expect(changes).toEqual([
    { name: "log.retention.ms", value: "60000" },
    { name: "log.roll.ms", value: undefined },
    { broker: 2, name: "num.io.threads", value: undefined },
  ]);
});

test("a broker that does not answer is taken to have what it had", async () => {
  const recorded = { ...want, overrides: { rpi0: {}, rpi2: { "num.io.threads": "9" } } };
  const { session } = strictSettings({ 0: { forAll: set, alone: {} } });
  expect(await type.observe(session, recorded)).toEqual(recorded);
  await expect(type.observe(strictSettings({}).session, recorded)).rejects.toThrow("no broker answers");
});

test("preview tells what Kafka would refuse, and sets nothing", async () => {
  const { session, changes } = strictSettings({ 0: { forAll: {}, alone: {} } }, "log.retention.ms=x: refused");
  await expect(preview(type, session, { ...want }, { ...want })).rejects.toThrow("log.retention.ms=x: refused");
  expect(changes).toEqual([]);
});
