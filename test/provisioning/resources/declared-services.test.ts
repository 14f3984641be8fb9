import { expect, test } from "@jest/globals";
import { converge, preview } from "../../../provisioning/provider/lifecycle.ts";
import { declaredServices } from "../../../provisioning/resources/declared-services.ts";
import { stopUnit } from "../../../provisioning/resources/unit.ts";
import { place, strictHost } from "../strict-host.ts";

const list = (...names: string[]) => ({ units: Object.fromEntries(names.map((name) => [name, place])) });
const [old, renamed] = ["bramble-con1.service", "bramble-con9.service"];

test("a unit that leaves the list is stopped when the change is made, and not in preview", async () => {
  const stop = stopUnit(old).argv.join(" ");
  const { session, log } = strictHost({ [stop]: {} });
  await preview(declaredServices, session, list(renamed), list(old));
  expect(log).toEqual([]);
  expect(await converge(declaredServices, session, list(renamed), list(old))).toEqual(list(renamed));
  expect(log).toEqual([`show stop ${old}`, `run ${stop}`]);
});

test("a first list, a longer one, and a unit on another host touch nothing", async () => {
  const { session, log } = strictHost({});
  await converge(declaredServices, session, list(old));
  await converge(declaredServices, session, list(old, renamed), list(old));
  await converge(declaredServices, session, list(old), { units: { [old]: { host: "rpi3", address: "10.42.0.253" } } });
  expect(log).toEqual([]);
});
