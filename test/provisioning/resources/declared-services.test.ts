import { expect, test } from "@jest/globals";
import { converge, preview } from "../../../provisioning/provider/lifecycle.ts";
import { declaredServices } from "../../../provisioning/resources/declared-services.ts";
import { stopUnit } from "../../../provisioning/resources/unit.ts";
import { strictHost, target } from "../strict-host.ts";

const args = { pipeline: "chaining", hosts: { [target.host]: target.address } };
const list = (...names: string[]) => ({ ...args, units: Object.fromEntries(names.map((name) => [name, target])) });
/** What the host says of the units of services on it. */
const look = 'sh -euc grep -H "^Description=bramble " -- /etc/systemd/system/bramble-*.service 2>/dev/null || true sh';
const unitsOf = (pipeline: string, ...names: string[]) =>
  names.map((name) => `/etc/systemd/system/${name}:Description=bramble ${pipeline}: x\n`).join("");
const bare = { [look]: {} };
const [old, renamed] = ["bramble-con1.service", "bramble-con9.service"];

test("a unit that leaves the list is stopped when the change is made, and not in preview", async () => {
  const stop = stopUnit(old).argv.join(" ");
  const { session, log } = strictHost({ ...bare, [stop]: {} });
  await preview(declaredServices, session, list(renamed), list(old));
  const looked = `observe ${look}`;
  expect(log).toEqual([looked]);
  expect(await converge(declaredServices, session, list(renamed), list(old))).toEqual({
    ...list(renamed),
    pipelines: ["chaining"],
  });
  expect(log).toEqual([looked, looked, `show stop ${old}`, `run ${stop}`]);
});

test("a first list, a longer one, and a unit on another host touch nothing", async () => {
  const { session, log } = strictHost(bare);
  await converge(declaredServices, session, list(old));
  await converge(declaredServices, session, list(old, renamed), list(old));
  const elsewhere = { host: "rpi3", address: "10.42.0.253" };
  await converge(declaredServices, session, list(old), { ...args, units: { [old]: elsewhere } });
  expect(log).toEqual(Array(3).fill(`observe ${look}`));
});

test("services of another stack's pipeline are refused in preview and in up, with the way out", async () => {
  const { session } = strictHost({ [look]: { stdout: unitsOf("weather", "bramble-b.service", "bramble-a.service") } });
  const refusal =
    "rpi0 (10.42.0.250): the host has services of another stack's pipeline, weather (bramble-a.service, bramble-b.service); " +
    "expected only those of chaining, as a cluster has one pipeline. Remove the other pipeline with its own stack";
  await expect(preview(declaredServices, session, list(old))).rejects.toThrow(refusal);
  await expect(converge(declaredServices, session, list(old))).rejects.toThrow(refusal);
});

test("services that this stack has, or had when an up was killed, are its own", async () => {
  const on = (pipeline: string) => strictHost({ [look]: { stdout: unitsOf(pipeline, old) } }).session;
  // Of the same pipeline, as after a stack's state was lost.
  await preview(declaredServices, on("chaining"), list(renamed));
  // Of the pipeline that was deployed before, by this version of bramble or an older one.
  await preview(declaredServices, on("example"), list(renamed), { ...list(renamed), pipelines: ["example"] });
  await preview(declaredServices, on("example"), list(renamed), { ...list(old), pipeline: "example" });
});
