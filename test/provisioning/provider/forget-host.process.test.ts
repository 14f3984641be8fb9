import { expect, test } from "@jest/globals";
import { type Deployment, forgetHost, removalScript } from "../../../provisioning/provider/forget-host.ts";
import { run } from "../this-machine.ts";

const urn = (type: string, name: string) => `urn:pulumi:rpi::bramble::${type}::${name}`;
const component = (type: string, name: string, parent?: string) => ({
  ...{ urn: urn(type, name), type, custom: false },
  ...(parent === undefined ? {} : { parent }),
});
const custom = (type: string, name: string, parent: string, outputs = {}, dependencies: string[] = []) => ({
  ...{ urn: urn(type, name), type, custom: true, parent, outputs, dependencies },
  propertyDependencies: { name: dependencies },
});

const [stack, con1, con2] = [
  component("pulumi:pulumi:Stack", "bramble-rpi"),
  component("bramble:pipeline:OperatorService", "con1", urn("pulumi:pulumi:Stack", "bramble-rpi")),
  component("bramble:pipeline:OperatorService", "con2", urn("pulumi:pulumi:Stack", "bramble-rpi")),
];
const data = {
  ...custom("command:remote:Command", "rpi2-data", stack.urn, { delete: "rm -rf /var/lib/kafka" }),
  inputs: { delete: "rm -rf /var/lib/kafka" },
};
const unit1 = custom("bramble:systemd:Unit", "con1-unit", con1.urn, { host: "rpi1", name: "bramble-con1.service" }, [
  data.urn,
]);
const unit2 = custom("bramble:systemd:Unit", "con2-unit", con2.urn, { host: "rpi2", name: "bramble-con2.service" });
const topic = custom("bramble:kafka:Topic", "t", stack.urn, { name: "t" }, [unit2.urn]);
const deployment = {
  manifest: { time: "now" },
  resources: [stack, con1, con2, data, unit1, unit2, topic],
  pending_operations: [{ resource: unit2 }],
};

test("what is on the host goes, with components that have nothing else, and with every mention of it", () => {
  const after = forgetHost(deployment, "rpi2").deployment;
  expect(after).toEqual({
    manifest: { time: "now" },
    resources: [
      stack,
      con1,
      { ...unit1, dependencies: [], propertyDependencies: { name: [] } },
      { ...topic, dependencies: [], propertyDependencies: { name: [] } },
    ],
    pending_operations: [],
  });
});

test("a unit on the host is on no list of those that must be stopped when they leave", () => {
  const type = "bramble:systemd:DeclaredServices";
  const units = { a: { host: "rpi1" }, b: { host: "rpi2" } };
  const list = { ...custom(type, "services", stack.urn, { units }), inputs: { units } };
  const after = forgetHost<Deployment>({ resources: [stack, list] }, "rpi2").deployment.resources?.[1];
  expect([after?.inputs, after?.outputs]).toEqual([{ units: { a: units.a } }, { units: { a: units.a } }]);
});

test("what stays on the host is told as the steps that would take it away, the last that came first", () => {
  expect(forgetHost(deployment, "rpi2").left.map(({ does }) => does)).toEqual([
    "stop bramble-con2.service",
    "remove /etc/systemd/system/bramble-con2.service",
    "remove account and data",
  ]);
});

test("a host that the stack does not know leaves the state as it is", () => {
  expect(forgetHost(deployment, "rpi9")).toEqual({ deployment, left: [] });
});

test("the script does each step, says so, and fails when one of them did", async () => {
  const step = (does: string, line: string) => ({ does, argv: ["sh", "-c", line] as [string, ...string[]] });
  const script = removalScript("rpi2", [
    step("say it's there", "echo a 'b'"),
    step("fail", "false"),
    step("go on", ":"),
  ]);
  expect(await run(["sh"], script)).toEqual({
    exitCode: 1,
    stdout: "say it's there\na b\nfail\ngo on\n",
    stderr: "",
  });
  expect((await run(["sh"], removalScript("rpi2", []))).exitCode).toBe(0);
});
